import { checkPlan } from '@vexa/shared/accounts/plans/check-plan';
import type { Identity } from '@vexa/shared/contracts/internal';
import { Meeting, type MeetingRequest, type StartBotRequest, toMeetingRequest } from '@vexa/shared/contracts/meeting';
import { meetingUrlOf, type PlatformHosts } from '@vexa/shared/contracts/platform';
import type { Db } from '@vexa/shared/db/client';
import { ServiceError } from '@vexa/shared/errors';
import { answerBefore } from '@vexa/shared/idempotency/answer-once';
import { hashRequest, type IdempotencyKey, replaceAnswer, storeAnswer } from '@vexa/shared/idempotency/answer-store';
import { errorFields } from '@vexa/shared/logging';
import { requestFields, traceHeaders } from '@vexa/shared/request-context';
import { wholesalerUsage } from '@vexa/wholesaler-database/usage';
import { sql } from 'drizzle-orm';
import { insertMeeting, isAttended, type MeetingRow } from '../meetings/meeting-store.ts';
import { toMeeting } from '../meetings/meeting-view.ts';
import { chooseModel, type ModelList } from '../models/model-list.ts';
import { NoCapacityError } from '../runners/runner.ts';
import { type BotRun, countOpenRuns } from './bot-run-store.ts';
import { settingsFrom } from './bot-settings.ts';
import { endRun } from './end-run.ts';
import { type LaunchDeps, launchBot, openRun } from './launch-bot.ts';
import type { Turns } from './turns.ts';

export interface StartBotDeps extends LaunchDeps {
  now: () => Date;
  hosts: PlatformHosts;
  models: ModelList;
  /** Within this process; the lock in the database is what decides. */
  turns: Turns;
  /** Bots of this deployment at once; undefined is no bound. */
  maxBots: number | undefined;
  /** Looks at a meeting's rows soon. */
  reconcile: (meetingId: number) => void;
}

export interface StartBotInput {
  identity: Identity;
  request: StartBotRequest;
  idempotencyKey?: string | undefined;
}

type Reserved = { replay: Meeting } | { meeting: MeetingRow; run: BotRun };

/**
 * Creates a meeting and sends a bot to it. Limits are decided in the transaction that creates the meeting, under a
 * lock on the user, so requests in parallel cannot overshoot them. Throws `validation_error` for a link that is none and
 * a model that is not there, `plan_limit`, `meeting_already_active`, `concurrent_bot_limit`, `no_capacity`, `unavailable`
 * when the bot could not be started, and for an idempotency key `conflict` (still running) or `validation_error` (other request).
 */
export async function startBot(deps: StartBotDeps, input: StartBotInput): Promise<Meeting> {
  try {
    return await start(deps, input);
  } catch (error) {
    if (error instanceof ServiceError) deps.metrics.botRefused(error.code);
    throw error;
  }
}

async function start(deps: StartBotDeps, input: StartBotInput): Promise<Meeting> {
  const { identity, idempotencyKey } = input;
  const request = toMeetingRequest(input.request, deps.hosts);
  const key: IdempotencyKey | undefined =
    idempotencyKey === undefined
      ? undefined
      : { userId: identity.user_id, key: idempotencyKey, requestHash: hashRequest(input.request) };
  const model = await chooseModel(deps.models, request.model_identifier);
  const reserve = async (tx: Db): Promise<Reserved> => {
    const before = key && (await answerBefore(tx, key));
    if (before) return { replay: Meeting.parse(before.body) };
    const made = await makeMeeting(deps, tx, { identity, request: { ...request, model_identifier: model } });
    if (key) await storeAnswer(tx, key, { status: 201, body: toMeeting(made.meeting) });
    return made;
  };
  const reserved = await deps.turns.take(identity.user_id, () => deps.db.transaction(reserve));
  if ('replay' in reserved) return reserved.replay;
  const meeting = toMeeting(await launch(deps, reserved.meeting, reserved.run));
  if (key) await replaceAnswer(deps.db, key, meeting);
  return meeting;
}

async function makeMeeting(
  deps: StartBotDeps,
  tx: Db,
  { identity, request }: { identity: Identity; request: MeetingRequest & { model_identifier: string } },
): Promise<Exclude<Reserved, { replay: Meeting }>> {
  const userId = identity.user_id;
  const at = deps.now();
  const plan = await checkPlan(tx, {
    userId,
    modelIdentifier: request.model_identifier,
    usage: wholesalerUsage,
    now: at,
  });
  if (!plan) throw new ServiceError('unauthorized', 'There is no such user any more.');
  if (!plan.allowed) throw new ServiceError(plan.code, plan.detail);
  const limit = plan.maxConcurrentBots;
  // Asked before anything is written: a user at their limit costs no rows that are rolled back again.
  if (await isAttended(tx, { userId, platform: request.platform, nativeId: request.native_meeting_id })) {
    throw alreadyActive();
  }
  if ((await wholesalerUsage.concurrentBots(tx, userId)) >= limit) {
    const detail = `You may have ${limit} bots at once; wait for one to end or ask for more.`;
    throw new ServiceError('concurrent_bot_limit', detail, { retryAfterSeconds: 30 });
  }
  const meeting = await insertMeeting(tx, meetingValues(deps, { userId, request, at }));
  if (!meeting) throw alreadyActive();
  const run = await openRun(tx, meeting.id, at);
  if (deps.maxBots !== undefined) await requireCapacity(tx, deps.maxBots);
  return { meeting, run };
}

const alreadyActive = () =>
  new ServiceError('meeting_already_active', 'A bot is in this meeting already, or on its way.');

function meetingValues(
  { hosts }: StartBotDeps,
  { userId, request, at }: { userId: number; request: MeetingRequest; at: Date },
) {
  const first = { from: null, to: 'requested' as const, timestamp: at.toISOString(), source: 'user' };
  return {
    user_id: userId,
    platform: request.platform,
    platform_specific_id: request.native_meeting_id,
    meeting_url: meetingUrlOf(request, hosts),
    data: { ...settingsFrom(request), ...origin(), status_transition: [first] },
    metadata: request.metadata ?? {},
    created_at: at,
    updated_at: at,
  };
}

/** Which request asked for the bot, so that it can be followed from the edge to every bot of the meeting. */
function origin(): Record<string, unknown> {
  const { request_id } = requestFields();
  const { traceparent } = traceHeaders();
  return { ...(request_id ? { request_id } : {}), ...(traceparent ? { traceparent } : {}) };
}

async function requireCapacity(tx: Db, maxBots: number): Promise<void> {
  // Everybody who opens a run takes this lock, so the count includes all that are being opened.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('vexa:bot-capacity', 0))`);
  if ((await countOpenRuns(tx)) > maxBots) {
    throw noCapacity();
  }
}

const noCapacity = (cause?: Error) =>
  new ServiceError('no_capacity', 'All bots are busy; try again shortly.', { retryAfterSeconds: 30, cause });

async function launch(deps: StartBotDeps, meeting: MeetingRow, run: BotRun): Promise<MeetingRow> {
  try {
    const launched = await launchBot(deps, meeting, run);
    deps.metrics.botStarted('request');
    return launched;
  } catch (error) {
    deps.logger.error({ ...errorFields(error), meeting_id: meeting.id }, 'bot could not be started');
    const reason = 'The bot could not be started.';
    const outcome = { result: 'failed', completionReason: 'join_failure', failureStage: 'requested', reason } as const;
    await endRun(deps, { connectionId: run.connection_id, exitCode: null, outcome });
    deps.reconcile(meeting.id);
    if (error instanceof NoCapacityError) throw noCapacity(error);
    throw new ServiceError('unavailable', reason, { retryAfterSeconds: 10, cause: error });
  }
}
