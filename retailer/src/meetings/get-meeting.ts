import type { Meeting } from '@vexa/shared/contracts/meeting';
import type { Db } from '@vexa/shared/db/client';
import { notFound } from '@vexa/shared/errors';
import { type MeetingRef, viewOf } from './meeting.ts';
import { findHeld } from './meeting-store.ts';
import { type Refresh, refreshIfPossible } from './refresh-meeting.ts';

/** Throws `not_found`, also for meetings of others. */
export async function getMeeting(
  { db, refresh }: { db: Db; refresh: Refresh },
  userId: number,
  ref: MeetingRef,
): Promise<Meeting> {
  const held = await findHeld(db, userId, ref);
  if (!held) throw notFound('Meeting');
  return viewOf({ ...held, meeting: await refreshIfPossible(refresh, held.meeting) });
}
