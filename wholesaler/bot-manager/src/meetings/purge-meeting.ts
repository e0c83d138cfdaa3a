import type { Db } from '@vexa/shared/db/client';
import type { CollectorClient } from '../finish/collector-client.ts';
import { checkFinished, requireMeeting } from './get-meeting.ts';
import { type MeetingRef, type MeetingRow, redactMeeting } from './meeting-store.ts';

export interface PurgeDeps {
  db: Db;
  collector: Pick<CollectorClient, 'purge'>;
}

/**
 * Deletes what was said and redacts the meeting; safe to repeat. Throws `meeting_not_finalized` while the meeting is
 * live, `not_found`, and `unavailable` when the collector could not delete its part (then nothing is redacted yet).
 */
export async function purgeMeeting({ db, collector }: PurgeDeps, ref: MeetingRef): Promise<void> {
  await purge({ db, collector }, await requireMeeting(db, ref));
}

/** The same for whoever has the meeting's row already. */
export async function purge({ db, collector }: PurgeDeps, meeting: MeetingRow): Promise<void> {
  checkFinished(meeting);
  await collector.purge(meeting.id);
  await redactMeeting(db, meeting);
}
