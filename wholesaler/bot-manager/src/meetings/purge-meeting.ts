import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import type { Db } from '@vexa/shared/db/client';
import { ServiceError } from '@vexa/shared/errors';
import type { CollectorClient } from '../finish/collector-client.ts';
import { requireMeeting } from './get-meeting.ts';
import { type MeetingRef, redactMeeting } from './meeting-store.ts';

/**
 * Deletes what was said and redacts the meeting; safe to repeat. Throws `meeting_not_finalized` while the meeting is
 * live, `not_found`, and `unavailable` when the collector could not delete its part (then nothing is redacted yet).
 */
export async function purgeMeeting(
  { db, collector }: { db: Db; collector: Pick<CollectorClient, 'purge'> },
  ref: MeetingRef,
): Promise<void> {
  const meeting = await requireMeeting(db, ref);
  if (!isTerminal(meeting.status)) {
    throw new ServiceError('meeting_not_finalized', `The meeting is ${meeting.status}: stop it and wait for its end.`);
  }
  await collector.purge(meeting.id);
  await redactMeeting(db, meeting.id);
}
