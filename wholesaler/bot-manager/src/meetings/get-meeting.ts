import type { Meeting } from '@vexa/shared/contracts/meeting';
import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import type { Db } from '@vexa/shared/db/client';
import { notFound, ServiceError } from '@vexa/shared/errors';
import { findMeeting, findMeetingById, type MeetingRef, type MeetingRow } from './meeting-store.ts';
import { toMeeting } from './meeting-view.ts';

/** Throws `not_found`, also for a meeting of somebody else. */
export const getMeeting = async (db: Db, ref: MeetingRef): Promise<Meeting> => toMeeting(await requireMeeting(db, ref));

export async function requireMeeting(db: Db, ref: MeetingRef): Promise<MeetingRow> {
  const row = await findMeeting(db, ref);
  if (!row) throw notFound('Meeting');
  return row;
}

/** Any user's meeting that is over. Throws `not_found`, and `meeting_not_finalized` while it is live. */
export async function requireFinished(db: Db, id: number): Promise<MeetingRow> {
  const row = await findMeetingById(db, id);
  if (!row) throw notFound('Meeting');
  checkFinished(row);
  return row;
}

export function checkFinished({ status }: MeetingRow): void {
  if (isTerminal(status)) return;
  throw new ServiceError('meeting_not_finalized', `The meeting is ${status}: stop it and wait for its end.`);
}
