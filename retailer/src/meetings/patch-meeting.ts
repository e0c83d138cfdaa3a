import type { Meeting } from '@vexa/shared/contracts/meeting';
import type { MeetingPatch } from '@vexa/shared/contracts/routes/meetings';
import type { Db } from '@vexa/shared/db/client';
import { notFound, ServiceError } from '@vexa/shared/errors';
import { updateLinkData } from './link-store.ts';
import { type MeetingRef, viewOf } from './meeting.ts';
import { findHeld } from './meeting-store.ts';

/** Writes what a user notes about a meeting; others who share it do not see it. Throws `bad_request`, `not_found`. */
export async function patchMeeting(
  db: Db,
  userId: number,
  { ref, patch }: { ref: MeetingRef; patch: MeetingPatch },
): Promise<Meeting> {
  const { name, participants, languages, notes } = patch.data;
  const changes = {
    ...(name === undefined ? {} : { name }),
    ...(participants === undefined ? {} : { participants }),
    ...(languages === undefined ? {} : { languages }),
    ...(notes === undefined ? {} : { notes }),
  };
  if (Object.keys(changes).length === 0) throw new ServiceError('bad_request', 'Give at least one field of data.');
  const held = await findHeld(db, userId, ref);
  const link = held && (await updateLinkData(db, userId, held.meeting.id, changes));
  if (!link) throw notFound('Meeting');
  return viewOf({ meeting: held.meeting, link });
}
