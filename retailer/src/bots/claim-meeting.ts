import { createHash } from 'node:crypto';
import { readPlan } from '@vexa/shared/accounts/plans/check-plan';
import { lockUser } from '@vexa/shared/accounts/plans/plan-terms';
import { Meeting, type MeetingRequest } from '@vexa/shared/contracts/meeting';
import type { Db } from '@vexa/shared/db/client';
import { fieldError, ServiceError } from '@vexa/shared/errors';
import { answerBefore } from '@vexa/shared/idempotency/answer-once';
import { type IdempotencyKey, storeAnswer } from '@vexa/shared/idempotency/answer-store';
import { retailerUsage } from '../accounts/usage.ts';
import { meetings } from '../db/schema.ts';
import { attach, findLink } from '../meetings/link-store.ts';
import { type HeldMeeting, viewOf } from '../meetings/meeting.ts';
import { findRunning } from '../meetings/meeting-store.ts';

export interface Claim {
  held: HeldMeeting;
  /** Whether the caller is the one to start its bot. */
  isNew: boolean;
}

/** What was answered to the same request before. */
interface Replay {
  replay: { meeting: Meeting; shared: boolean };
}

interface Asked {
  request: MeetingRequest;
  /** Under which the answer is kept. */
  key: IdempotencyKey | undefined;
}

const maxRaces = 5;

/** The wholesaler's own choice, when neither the user nor the operator names a model; plans may name it so. */
const unnamedModel = 'default';

/**
 * Ties the user to the meeting running under the native id, or makes a new one. Of several users who ask at once, the
 * unique index lets one make it; the others share it.
 */
export async function claimMeeting(db: Db, userId: number, { request, key }: Asked): Promise<Claim | Replay> {
  for (let race = 0; race < maxRaces; race++) {
    const claim = await db.transaction(async (tx) => {
      const before = key && (await answerBefore(tx, key));
      if (before) return { replay: { meeting: Meeting.parse(before.body), shared: before.status === 200 } };
      const made = await tryClaim(tx, userId, request);
      if (key && made) await storeAnswer(tx, key, { status: made.isNew ? 201 : 200, body: viewOf(made.held) });
      return made;
    });
    if (claim) return claim;
  }
  throw new ServiceError('conflict', 'Too many changes to this meeting at once; try again.', { retryAfterSeconds: 1 });
}

/** Undefined when somebody else made the meeting in this very moment. */
async function tryClaim(tx: Db, userId: number, request: MeetingRequest): Promise<Claim | undefined> {
  if (!(await lockUser(tx, userId))) throw new ServiceError('unauthorized', 'The user of this key was deleted.');
  const metadata = request.metadata ?? undefined;
  const ref = { platform: request.platform, nativeId: request.native_meeting_id };
  const running = await findRunning(tx, ref, { lock: true });
  if (running) {
    if (running.status === 'stopping') {
      throw new ServiceError('conflict', 'The last bot of this meeting is leaving; try again in a moment.', {
        retryAfterSeconds: 5,
      });
    }
    const known = await findLink(tx, userId, running.id);
    if (known && known.left_at === null) return { held: { meeting: running, link: known }, isNew: false };
    if (running.passcode_hash !== null && running.passcode_hash !== hashOf(request.passcode)) {
      throw fieldError(['body', 'passcode'], 'is not the one the bot in this meeting was given');
    }
    await checkLimits(tx, userId, running.model_identifier);
    const link = await attach(tx, { userId, meetingId: running.id, metadata });
    return { held: { meeting: running, link }, isNew: false };
  }
  const model_identifier = request.model_identifier ?? unnamedModel;
  await checkLimits(tx, userId, model_identifier);
  const { metadata: _, ...start_request } = request;
  const [meeting] = await tx
    .insert(meetings)
    .values({
      user_id: userId,
      platform: ref.platform,
      platform_specific_id: ref.nativeId,
      model_identifier,
      start_request,
      passcode_hash: hashOf(request.passcode),
    })
    .onConflictDoNothing()
    .returning();
  if (!meeting) return undefined;
  return { held: { meeting, link: await attach(tx, { userId, meetingId: meeting.id, metadata }) }, isNew: true };
}

const hashOf = (passcode: string | null | undefined): string | null =>
  passcode ? createHash('sha256').update(passcode).digest('hex') : null;

/** Under the lock on the user, so that requests in parallel cannot overshoot. */
async function checkLimits(tx: Db, userId: number, modelIdentifier: string): Promise<void> {
  const plan = await readPlan(tx, { userId, modelIdentifier, usage: retailerUsage });
  if (!plan) throw new ServiceError('unauthorized', 'The user of this key was deleted.');
  if (!plan.allowed) throw new ServiceError(plan.code, plan.detail);
  const limit = plan.maxConcurrentBots;
  const used = await retailerUsage.concurrentBots(tx, userId);
  if (used < limit) return;
  throw new ServiceError('concurrent_bot_limit', `You have ${used} of ${limit} bots running already.`, {
    retryAfterSeconds: 30,
  });
}
