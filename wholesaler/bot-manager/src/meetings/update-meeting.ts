import type { Meeting } from '@vexa/shared/contracts/meeting';
import type { MeetingPatch } from '@vexa/shared/contracts/routes/meetings';
import type { Db } from '@vexa/shared/db/client';
import { notFound, ServiceError } from '@vexa/shared/errors';
import { requireMeeting } from './get-meeting.ts';
import { type MeetingRef, mergeMeetingData } from './meeting-store.ts';
import { toMeeting } from './meeting-view.ts';

/** Writes the given fields and keeps the others. Throws `bad_request` for none, `not_found`, also once purged. */
export async function updateMeeting(db: Db, { patch, ...ref }: MeetingRef & { patch: MeetingPatch }): Promise<Meeting> {
  if (Object.keys(patch.data).length === 0) {
    throw new ServiceError('bad_request', 'Give at least one of data.name, participants, languages, notes.');
  }
  const { id } = await requireMeeting(db, ref);
  const changed = await mergeMeetingData(db, id, patch.data);
  if (!changed) throw notFound('Meeting');
  return toMeeting(changed);
}
