import type { Segment } from '@vexa/shared/contracts/transcript';
import type { Sessions } from '../sessions/session.ts';
import type { SpeakerTurns } from '../speakers/speaker-store.ts';
import { whoSpoke } from '../speakers/speaker-turns.ts';
import { type SpokenPart, splitBySpeaker } from '../speakers/split-by-speaker.ts';
import type { StoredSegment } from './stored-segment.ts';

/** What it takes to say when and by whom a segment of a meeting was spoken. */
export interface Timeline {
  sessions: Sessions;
  turns: SpeakerTurns;
}

/**
 * The segment as readers see it, one for each person who spoke in it: times from the meeting's first session start, to
 * the millisecond. The first keeps the id, each other one adds the number of the word it begins with, so a part keeps its
 * id whatever is learnt about the others.
 */
export function toSegments(segment: StoredSegment, timeline: Timeline): Segment[] {
  const sessionStartMs = startOf(segment, timeline.sessions);
  const origin = Math.min(sessionStartMs, ...[...timeline.sessions.values()].map(({ startMs }) => startMs));
  const receivedAt = new Date(segment.receivedAtMs).toISOString();
  const parts = partsOf(segment, timeline) ?? [{ ...segment, at: 0, speaker: speakerOf(segment, timeline) }];
  return parts.map(({ at, start, end, text, speaker }) => {
    const startMs = sessionStartMs + Math.round(start * 1000);
    const endMs = sessionStartMs + Math.round(end * 1000);
    return {
      segment_id: partId(segment.segmentId, at),
      start: (startMs - origin) / 1000,
      end: (endMs - origin) / 1000,
      text,
      language: segment.language,
      speaker,
      session_uid: segment.sessionUid,
      completed: segment.completed,
      created_at: receivedAt,
      updated_at: receivedAt,
      absolute_start_time: new Date(startMs).toISOString(),
      absolute_end_time: new Date(endMs).toISOString(),
    };
  });
}

export const partId = (segmentId: string, at: number): string => (at === 0 ? segmentId : `${segmentId}.${at}`);

/** The parts of a segment that several people spoke; undefined for one that is one person's. */
export function partsOf(segment: StoredSegment, { sessions, turns }: Timeline): SpokenPart[] | undefined {
  const { parts, words, speaker, sessionUid } = segment;
  if (parts) return parts;
  if (!words || speaker !== null || sessions.get(sessionUid)?.speaker) return undefined;
  return splitBySpeaker({ ...segment, words }, turns.get(sessionUid) ?? []);
}

/** The name the message gave, else the session's, else whoever is known to have spoken most at that time. */
export const speakerOf = (segment: StoredSegment, { sessions, turns }: Timeline): string | null =>
  segment.speaker ??
  sessions.get(segment.sessionUid)?.speaker ??
  whoSpoke(turns.get(segment.sessionUid) ?? [], segment);

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
