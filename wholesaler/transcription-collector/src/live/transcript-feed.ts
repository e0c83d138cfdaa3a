import type { TranscriptFeed } from '@vexa/shared/live/event-stream';
import { findMeetingById, type MeetingRow } from '../meetings/meeting-store.ts';
import { readTranscript } from '../transcripts/get-transcript.ts';
import type { ReadDeps } from '../transcripts/read-segments.ts';
import type { TranscriptFollowers } from './transcript-followers.ts';

export interface FeedDeps extends ReadDeps {
  followers: TranscriptFollowers;
}

export function transcriptFeed(deps: FeedDeps, meeting: MeetingRow): TranscriptFeed {
  let latest = meeting;
  return {
    meetingId: meeting.id,
    follow: (onEvent) => deps.followers.follow(meeting.id, onEvent),
    async read(since) {
      latest = (await findMeetingById(deps.db, meeting.id)) ?? latest;
      return readTranscript(deps, latest, since);
    },
  };
}
