import type { Platform } from '@vexa/shared/contracts/platform';
import { isStorable } from '@vexa/shared/contracts/text';
import { notFound } from '@vexa/shared/errors';
import type { MeetingRef } from '../meetings/meeting.ts';

const largestId = 2_147_483_647;

/** Throws `not_found` for an id that no meeting can have. */
export function refOf(
  { platform, native_meeting_id: nativeId }: { platform: Platform; native_meeting_id: string },
  { meeting_id: meetingId }: { meeting_id?: number | undefined } = {},
): MeetingRef {
  if (!isStorable(nativeId) || (meetingId !== undefined && meetingId > largestId)) throw notFound('Meeting');
  return { platform, nativeId, meetingId };
}
