import type { Segment } from '@vexa/shared/contracts/transcript';
import type { Sessions } from '../sessions/session.ts';
import type { SpeakerMarks } from '../speakers/speaker-store.ts';
import { whoSpoke } from '../speakers/speaker-turns.ts';
import type { StoredSegment } from './stored-segment.ts';

/** What it takes to say when and by whom a segment of a meeting was spoken. */
export interface Timeline {
  sessions: Sessions;
  marks: SpeakerMarks;
}

/** The segment as readers see it: times from the meeting's first session start, to the millisecond. */
export function toSegment(segment: StoredSegment, timeline: Timeline): Segment {
  const sessionStartMs = startOf(segment, timeline.sessions);
  const origin = Math.min(sessionStartMs, ...[...timeline.sessions.values()].map(({ startMs }) => startMs));
  const startMs = sessionStartMs + Math.round(segment.start * 1000);
  const endMs = sessionStartMs + Math.round(segment.end * 1000);
  const receivedAt = new Date(segment.receivedAtMs).toISOString();
  return {
    segment_id: segment.segmentId,
    start: (startMs - origin) / 1000,
    end: (endMs - origin) / 1000,
    text: segment.text,
    language: segment.language,
    speaker: speakerOf(segment, timeline),
    session_uid: segment.sessionUid,
    completed: segment.completed,
    created_at: receivedAt,
    updated_at: receivedAt,
    absolute_start_time: new Date(startMs).toISOString(),
    absolute_end_time: new Date(endMs).toISOString(),
  };
}

/** The name the message gave, else the session's, else whoever is known to have spoken at that time. */
export const speakerOf = (segment: StoredSegment, { sessions, marks }: Timeline): string | null =>
  segment.speaker ??
  sessions.get(segment.sessionUid)?.speaker ??
  whoSpoke(marks.get(segment.sessionUid) ?? [], segment);

/** Sessions whose speaker events are needed to name the speakers of these segments. */
export const namelessSessions = (segments: readonly StoredSegment[], sessions: Sessions): Set<string> =>
  new Set(
    segments
      .filter(({ speaker, sessionUid }) => speaker === null && (sessions.get(sessionUid)?.speaker ?? null) === null)
      .map(({ sessionUid }) => sessionUid),
  );

/** Words can come before their `session_start`: until then, the session began as long ago as they are into it. */
export const estimatedStartMs = (segment: StoredSegment): number =>
  segment.receivedAtMs - Math.round(segment.end * 1000);

const startOf = (segment: StoredSegment, sessions: Sessions): number =>
  sessions.get(segment.sessionUid)?.startMs ?? estimatedStartMs(segment);
