import type { Db } from '@vexa/shared/db/client';
import { notFound, ServiceError } from '@vexa/shared/errors';
import { deleteLink, purgeUnheld } from './link-store.ts';
import type { MeetingRef } from './meeting.ts';
import { findHeld } from './meeting-store.ts';

/**
 * Takes the user's copy away; the text goes with the last one. Safe to repeat. Throws `not_found`, and
 * `meeting_not_finalized` before the final transcript is here.
 */
export async function deleteMeeting(db: Db, userId: number, ref: MeetingRef): Promise<void> {
  const held = await findHeld(db, userId, ref, { deleted: true });
  if (!held) throw notFound('Meeting');
  if (held.meeting.is_live) throw new ServiceError('meeting_not_finalized', 'The meeting is not over yet.');
  await deleteLink(db, userId, held.meeting.id);
  await purgeUnheld(db, held.meeting.id);
}
