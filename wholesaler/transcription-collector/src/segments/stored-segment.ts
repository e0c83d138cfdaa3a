import type { SpokenPart, TimedWord } from '../speakers/split-by-speaker.ts';

/** A segment as the collector holds it: times in seconds of its own session, `speaker` only when the message gave one. */
export interface StoredSegment {
  segmentId: string;
  sessionUid: string;
  start: number;
  end: number;
  text: string;
  language: string | null;
  speaker: string | null;
  completed: boolean;
  /** When each word was said, as long as that may be needed to tell who said it. */
  words: TimedWord[] | null;
  /** Decided for good: the parts of a segment that several people spoke. */
  parts: SpokenPart[] | null;
  /** When the words came in, ms since the epoch. */
  receivedAtMs: number;
}

/** One that is still in Redis. */
export interface MutableSegment extends StoredSegment {
  revision: string;
}
