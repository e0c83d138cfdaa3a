import { anyModel } from '../../contracts/plans.ts';
import type { Db } from '../../db/client.ts';
import { calendarMonth, countingPeriod, type Period } from '../usage/period.ts';
import type { UsageSource } from '../usage/usage-source.ts';
import { findTerms, lockUser, type ModelLimit, type Terms } from './plan-terms.ts';

export interface CheckPlanInput {
  userId: number;
  /** The model that will be used, with the default filled in. */
  modelIdentifier: string;
  usage: UsageSource;
  now?: Date;
}

interface Figures {
  plan: string | null;
  period: Period;
  usedSeconds: number;
  /** Null: no limit. */
  limitSeconds: number | null;
  /** How many bots the user may have at once; the caller compares, since it knows which ones count. */
  maxConcurrentBots: number;
}
export type PlanCheck = Figures & ({ allowed: true } | { allowed: false; code: 'plan_limit'; detail: string });

/**
 * Whether a user's plan lets them start a bot with this model now. Give the transaction that makes the meeting: the user
 * stays locked until it ends, so requests in parallel are decided one after the other. Used seconds include sessions
 * still running. Users without a plan may use every model. Undefined when there is no such user.
 */
export async function checkPlan(tx: Db, input: CheckPlanInput): Promise<PlanCheck | undefined> {
  if (!(await lockUser(tx, input.userId))) return undefined;
  // Read after the lock, in a statement of its own: it must see what the transaction before this one wrote.
  return readPlan(tx, input);
}

/** The same answer without the lock: good for showing, not for deciding. */
export async function readPlan(db: Db, input: CheckPlanInput): Promise<PlanCheck | undefined> {
  const terms = await findTerms(db, input.userId);
  return terms && judge(db, terms, input);
}

async function judge(db: Db, terms: Terms, { modelIdentifier, usage, now = new Date() }: CheckPlanInput) {
  const { plan, userId, maxConcurrentBots } = terms;
  const period = plan ? countingPeriod(plan.term, now) : calendarMonth(now);
  const limit = plan && limitOf(plan.limits, modelIdentifier);
  const usedSeconds = (await usage.speechSeconds(db, userId, period)).get(modelIdentifier) ?? 0;
  const limitSeconds = limit?.maxSeconds ?? null;
  const figures = { plan: plan?.name ?? null, period, usedSeconds, limitSeconds, maxConcurrentBots };
  const refuse = (detail: string): PlanCheck => ({ ...figures, allowed: false, code: 'plan_limit', detail });
  if (!plan) return { ...figures, allowed: true as const };
  const { period_start: start, period_end: end } = plan.term;
  if (now < start) return refuse(`Your plan ${plan.name} begins on ${start.toISOString()}.`);
  if (end !== null && now >= end) return refuse(`Your plan ${plan.name} ended on ${end.toISOString()}.`);
  if (!limit) return refuse(`Your plan ${plan.name} does not include the model ${modelIdentifier}.`);
  if (limitSeconds !== null && usedSeconds >= limitSeconds) {
    const until = period.end === null ? '' : ` The next period begins on ${period.end.toISOString()}.`;
    return refuse(`All ${limitSeconds} seconds of ${modelIdentifier} in your plan ${plan.name} are used.${until}`);
  }
  return { ...figures, allowed: true as const };
}

/** Undefined when the plan does not allow the model. */
export function limitOf(limits: readonly ModelLimit[], modelIdentifier: string): ModelLimit | undefined {
  if (limits.length === 0) return { modelIdentifier, maxSeconds: null };
  const of = (name: string) => limits.find((limit) => limit.modelIdentifier === name);
  return of(modelIdentifier) ?? of(anyModel);
}
