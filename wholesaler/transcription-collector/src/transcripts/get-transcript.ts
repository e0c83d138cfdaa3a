import type { Platform } from '@vexa/shared/contracts/platform';
import type { Transcript } from '@vexa/shared/contracts/transcript';
import { notFound } from '@vexa/shared/errors';
import { findMeeting } from '../meetings/meeting-store.ts';
import { type ReadDeps, readSegments } from './read-segments.ts';

interface TranscriptQuery {
  userId: number;
  platform: Platform;
  nativeMeetingId: string;
  /** One of several meetings under the same native id; the latest without it. */
  meetingId: number | undefined;
}

const terminal = new Set(['completed', 'failed']);

/** Throws `not_found` for meetings that are not there or belong to somebody else. */
export async function getTranscript(deps: ReadDeps, query: TranscriptQuery): Promise<Transcript> {
  const meeting = await findMeeting(deps.db, query);
  if (!meeting) throw notFound('Meeting');
  const { segments } = await readSegments(deps, meeting.id);
  return {
    id: meeting.id,
    platform: meeting.platform,
    native_meeting_id: meeting.platform_specific_id,
    constructed_meeting_url: meeting.meeting_url,
    status: meeting.status,
    start_time: meeting.start_time?.toISOString() ?? null,
    end_time: meeting.end_time?.toISOString() ?? null,
    source: terminal.has(meeting.status) ? 'history' : 'live',
    stale_since: null,
    cursor: null,
    segments,
  };
}
