import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import type { Platform } from '@vexa/shared/contracts/platform';
import type { Transcript } from '@vexa/shared/contracts/transcript';
import { notFound } from '@vexa/shared/errors';
import { type Cursor, encodeCursor } from '@vexa/shared/transcripts/cursor';
import { findMeeting, type MeetingRow } from '../meetings/meeting-store.ts';
import { type ReadDeps, readChangedSegments } from './read-segments.ts';

export interface MeetingQuery {
  userId: number;
  platform: Platform;
  nativeMeetingId: string;
  /** One of several meetings under the same native id; the latest without it. */
  meetingId: number | undefined;
}

/** Throws `not_found` for meetings that are not there or belong to somebody else. */
export async function requireMeeting(deps: Pick<ReadDeps, 'db'>, query: MeetingQuery): Promise<MeetingRow> {
  const meeting = await findMeeting(deps.db, query);
  if (!meeting) throw notFound('Meeting');
  return meeting;
}

/** All that was said, or with `since` only what changed after that cursor. Throws `not_found`. */
export async function getTranscript(
  deps: ReadDeps,
  { since, ...query }: MeetingQuery & { since?: Cursor | undefined },
): Promise<Transcript> {
  return (await readTranscript(deps, await requireMeeting(deps, query), since)).transcript;
}

export async function readTranscript(deps: ReadDeps, meeting: MeetingRow, since: Cursor | undefined) {
  const { segments, cursor, partial } = await readChangedSegments(deps, meeting.id, since);
  const transcript: Transcript = {
    id: meeting.id,
    platform: meeting.platform,
    native_meeting_id: meeting.platform_specific_id,
    constructed_meeting_url: meeting.meeting_url,
    status: meeting.status,
    start_time: meeting.start_time?.toISOString() ?? null,
    end_time: meeting.end_time?.toISOString() ?? null,
    source: isTerminal(meeting.status) ? 'history' : 'live',
    stale_since: null,
    cursor: encodeCursor(cursor),
    ...(partial ? { partial } : {}),
    segments,
  };
  return { transcript, cursor };
}
