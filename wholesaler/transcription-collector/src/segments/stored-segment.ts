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
  /** When the words came in, ms since the epoch. */
  receivedAtMs: number;
}

/** One that is still in Redis. */
export interface MutableSegment extends StoredSegment {
  revision: string;
}
