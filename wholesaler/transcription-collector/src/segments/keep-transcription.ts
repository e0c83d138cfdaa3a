import type { StreamSegment, Transcription } from '@vexa/shared/contracts/stream-messages';
import type { Segment } from '@vexa/shared/contracts/transcript';
import type { SegmentFilter } from '../filters/segment-filter.ts';
import { storable } from '../messages/storable.ts';
import { isVoid } from '../sessions/session.ts';
import type { SessionDeps } from '../sessions/start-session.ts';
import { readSpeakerMarks } from '../speakers/speaker-store.ts';
import { keepSegments } from './mutable-store.ts';
import { withdrawn } from './publish-segments.ts';
import { revisionOf, revisionTimeMs } from './revision.ts';
import type { MutableSegment } from './stored-segment.ts';
import { namelessSessions, type Timeline, toSegment } from './timeline.ts';

export interface TranscriptionDeps extends SessionDeps {
  isWorthKeeping: SegmentFilter;
}

export interface ArrivedTranscription {
  message: Transcription;
  entryId: string;
}

/**
 * Keeps the segments of messages in Redis and shows live readers those that are news. Of the revisions of a segment
 * that come at once, only the greatest is kept and shown.
 */
export async function keepTranscriptions(
  deps: TranscriptionDeps,
  meetingId: number,
  arrived: ArrivedTranscription[],
): Promise<void> {
  const segments = greatestRevisions(
    arrived.flatMap(({ message, entryId }) =>
      message.segments.map((segment) => toMutable(segment, message.uid, entryId)),
    ),
  );
  const sessions = await deps.sessions.get(meetingId);
  const marks = await readSpeakerMarks(deps.redis, meetingId, namelessSessions(segments, sessions));
  const arrivals = segments.map((segment) => ({
    segment,
    publication: publicationOf(segment, { sessions, marks }, deps.isWorthKeeping),
  }));
  await keepSegments(deps.redis, meetingId, arrivals);
}

/** Void and filtered words are not shown; a final of that kind takes back what its drafts showed. */
function publicationOf(
  segment: MutableSegment,
  timeline: Timeline,
  isWorthKeeping: SegmentFilter,
): Segment | undefined {
  const shown = toSegment(segment, timeline);
  if (!isVoid(timeline.sessions.get(segment.sessionUid), segment) && isWorthKeeping(segment)) return shown;
  return segment.completed ? withdrawn(shown) : undefined;
}

/** Two of the same message have the same revision: the later one counts. */
function greatestRevisions(segments: MutableSegment[]): MutableSegment[] {
  const greatest = new Map<string, MutableSegment>();
  for (const segment of segments) {
    const known = greatest.get(segment.segmentId);
    if (!known || segment.revision >= known.revision) greatest.set(segment.segmentId, segment);
  }
  return [...greatest.values()];
}

function toMutable(segment: StreamSegment, uid: string, entryId: string): MutableSegment {
  const revision = revisionOf(entryId, segment.completed);
  return {
    segmentId: segment.segment_id,
    sessionUid: uid,
    start: segment.start,
    end: Math.max(segment.start, segment.end),
    text: storable(segment.text),
    language: segment.language,
    speaker: segment.speaker ? storable(segment.speaker) : null,
    completed: segment.completed,
    revision,
    receivedAtMs: revisionTimeMs(revision),
  };
}
