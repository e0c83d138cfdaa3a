import { createHash } from 'node:crypto';
import type { MeetingRequest } from '@vexa/shared/contracts/meeting';
import type { Db } from '@vexa/shared/db/client';
import { fieldError, ServiceError } from '@vexa/shared/errors';
import { meetings } from '../db/schema.ts';
import { attach, findLink, lockUser } from '../meetings/link-store.ts';
import type { HeldMeeting } from '../meetings/meeting.ts';
import { findRunning, selectAttended } from '../meetings/meeting-store.ts';

export interface Claim {
  held: HeldMeeting;
  /** Whether the caller is the one to start its bot. */
  isNew: boolean;
}

const maxRaces = 5;

/**
 * Ties the user to the meeting running under the native id, or makes a new one. Of several users who ask at once, the
 * unique index lets one make it; the others share it.
 */
export async function claimMeeting(db: Db, userId: number, request: MeetingRequest): Promise<Claim> {
  for (let race = 0; race < maxRaces; race++) {
    const claim = await db.transaction((tx) => tryClaim(tx, userId, request));
    if (claim) return claim;
  }
  throw new ServiceError('conflict', 'Too many changes to this meeting at once; try again.', { retryAfterSeconds: 1 });
}

/** Undefined when somebody else made the meeting in this very moment. */
async function tryClaim(tx: Db, userId: number, request: MeetingRequest): Promise<Claim | undefined> {
  const limits = await lockUser(tx, userId);
  if (!limits) throw new ServiceError('unauthorized', 'The user of this key was deleted.');
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
    await checkLimit(tx, userId, limits.max_concurrent_bots);
    const link = await attach(tx, { userId, meetingId: running.id, metadata });
    return { held: { meeting: running, link }, isNew: false };
  }
  await checkLimit(tx, userId, limits.max_concurrent_bots);
  const { metadata: _, ...start_request } = request;
  const [meeting] = await tx
    .insert(meetings)
    .values({
      user_id: userId,
      platform: ref.platform,
      platform_specific_id: ref.nativeId,
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

async function checkLimit(tx: Db, userId: number, limit: number): Promise<void> {
  const attended = await selectAttended(tx, userId);
  if (attended.length < limit) return;
  throw new ServiceError('concurrent_bot_limit', `You have ${attended.length} of ${limit} bots running already.`, {
    retryAfterSeconds: 30,
  });
}
