import type { StreamSegment, Transcription } from '@vexa/shared/contracts/stream-messages';
import type { Segment } from '@vexa/shared/contracts/transcript';
import type { SegmentFilter } from '../filters/segment-filter.ts';
import { storable } from '../messages/storable.ts';
import { isVoid } from '../sessions/session.ts';
import type { SessionDeps } from '../sessions/start-session.ts';
import { readVersionedTurns } from '../speakers/speaker-store.ts';
import { type TimedWord, textOf } from '../speakers/split-by-speaker.ts';
import { keepSegments } from './mutable-store.ts';
import { withdrawn } from './publish-segments.ts';
import { revisionOf, revisionTimeMs } from './revision.ts';
import type { MutableSegment } from './stored-segment.ts';
import { namelessSessions, type Timeline, toSegments } from './timeline.ts';

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
  let isStale = true;
  while (isStale) {
    const nameless = namelessSessions(segments, sessions);
    const { turns, versions } = await readVersionedTurns(deps.redis, meetingId, nameless);
    const arrivals = segments.map((segment) => ({
      segment,
      publications: publicationsOf(segment, { sessions, turns }, deps.isWorthKeeping),
    }));
    isStale = await keepSegments(deps.redis, meetingId, { arrivals, versions });
  }
}

/** Void and filtered words are not shown; a final of that kind takes back what its drafts showed. */
export function publicationsOf(segment: MutableSegment, timeline: Timeline, isWorthKeeping: SegmentFilter): Segment[] {
  const shown = toSegments(segment, timeline);
  if (!isVoid(timeline.sessions.get(segment.sessionUid), segment) && isWorthKeeping(segment)) return shown;
  return segment.completed ? shown.map(withdrawn) : [];
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
    words: wordsOf(segment),
    parts: null,
    revision,
    receivedAtMs: revisionTimeMs(revision),
  };
}

/** Where the message names the speaker, nobody asks who said a word. Words that are not the whole text are no use. */
function wordsOf({ speaker, text, words }: StreamSegment): TimedWord[] | null {
  if (speaker || !words) return null;
  const timed = words.map(({ text: word, start, end }) => ({ text: storable(word), start, end }));
  return textOf(timed) === storable(text).trim() ? timed : null;
}
