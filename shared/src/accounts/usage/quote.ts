import type { LimitCheck, ModelUsage, UsageQuote } from '../../contracts/usage.ts';
import type { Db } from '../../db/client.ts';
import { notFound } from '../../errors.ts';
import { limitOf, readPlan } from '../plans/check-plan.ts';
import { findTerms } from '../plans/plan-terms.ts';
import { calendarMonth, countingPeriod, type Period } from './period.ts';
import type { UsageSource } from './usage-source.ts';

interface Deps {
  db: Db;
  usage: UsageSource;
}

interface QuoteInput {
  userId: number;
  /** Only this model. */
  modelIdentifier?: string | undefined;
  now?: Date;
}

/** What a user has used and what is left: of the models of their plan, and of those they used. Throws `not_found`. */
export async function quoteUsage({ db, usage }: Deps, input: QuoteInput): Promise<UsageQuote> {
  const { userId, modelIdentifier, now = new Date() } = input;
  const terms = await findTerms(db, userId);
  if (!terms) throw notFound('User');
  const { plan } = terms;
  const period = plan ? countingPeriod(plan.term, now) : calendarMonth(now);
  const [used, meetingSeconds, concurrent] = await Promise.all([
    usage.speechSeconds(db, userId, period),
    usage.meetingSeconds(db, userId, period),
    usage.concurrentBots(db, userId),
  ]);
  const limits = plan?.limits ?? [];
  const names = new Set([...limits.map((limit) => limit.modelIdentifier), ...used.keys()]);
  const shown = modelIdentifier === undefined ? [...names].sort() : [modelIdentifier];
  return {
    user_id: userId,
    plan: plan ? { id: plan.id, name: plan.name } : null,
    period: shownPeriod(period),
    models: shown.map((name) => {
      // A model the plan does not include has nothing left, though it may have been used before.
      const limit = limitOf(limits, name) ?? { maxSeconds: 0 };
      return figures(name, used.get(name) ?? 0, limit.maxSeconds);
    }),
    concurrent_bots: { used: concurrent, limit: terms.maxConcurrentBots },
    meeting_seconds: rounded(meetingSeconds),
  };
}

/** Whether a user could start a bot now. A start decides for itself, under a lock. Throws `not_found`. */
export async function checkLimits(
  { db, usage }: Deps,
  { userId, modelIdentifier, now = new Date() }: { userId: number; modelIdentifier: string; now?: Date },
): Promise<LimitCheck> {
  const check = await readPlan(db, { userId, modelIdentifier, usage, now });
  if (!check) throw notFound('User');
  const bots = { used: await usage.concurrentBots(db, userId), limit: check.maxConcurrentBots };
  const isFull = bots.used >= bots.limit;
  const full = { code: 'concurrent_bot_limit', detail: `${bots.used} of ${bots.limit} bots are running.` } as const;
  const refusal = check.allowed ? (isFull ? full : { code: null, detail: null }) : check;
  return {
    allowed: check.allowed && !isFull,
    code: refusal.code,
    detail: refusal.detail,
    user_id: userId,
    plan: check.plan,
    period: shownPeriod(check.period),
    ...figures(modelIdentifier, check.usedSeconds, check.limitSeconds),
    concurrent_bots: bots,
  };
}

const figures = (model_identifier: string, usedSeconds: number, limitSeconds: number | null): ModelUsage => ({
  model_identifier,
  used_seconds: rounded(usedSeconds),
  limit_seconds: limitSeconds,
  remaining_seconds: limitSeconds === null ? null : rounded(Math.max(0, limitSeconds - usedSeconds)),
});

const rounded = (seconds: number): number => Math.round(seconds * 1_000) / 1_000;

const shownPeriod = ({ start, end }: Period) => ({ start: start.toISOString(), end: end?.toISOString() ?? null });
