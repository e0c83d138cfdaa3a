import type { Meeting } from '@vexa/shared/contracts/meeting';
import type { Db } from '@vexa/shared/db/client';
import { notFound } from '@vexa/shared/errors';
import { findMeeting, type MeetingRef, type MeetingRow } from './meeting-store.ts';
import { toMeeting } from './meeting-view.ts';

/** Throws `not_found`, also for a meeting of somebody else. */
export const getMeeting = async (db: Db, ref: MeetingRef): Promise<Meeting> => toMeeting(await requireMeeting(db, ref));

export async function requireMeeting(db: Db, ref: MeetingRef): Promise<MeetingRow> {
  const row = await findMeeting(db, ref);
  if (!row) throw notFound('Meeting');
  return row;
}
