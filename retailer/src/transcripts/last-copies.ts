import type { Segment, Transcript } from '@vexa/shared/contracts/transcript';
import { applyChanges } from './changes.ts';

export interface LastCopy {
  segments: Segment[];
  /** Where a reader of it stands. */
  cursor: string | null;
  /** When the wholesaler served it. */
  takenAt: Date;
}

interface Bounds {
  meetings: number;
  segments: number;
}

/** What the wholesaler last said of each live meeting, for when it is away. The longest unread copies go first. */
export class LastCopies {
  readonly #bounds: Bounds;
  readonly #copies = new Map<number, LastCopy>();
  #segments = 0;

  constructor(bounds: Bounds = { meetings: 2_000, segments: 200_000 }) {
    this.#bounds = bounds;
  }

  /** Takes over an answer, or what it says has changed. */
  keep(meetingId: number, answer: Pick<Transcript, 'segments' | 'cursor' | 'partial'>, takenAt = new Date()): void {
    const known = this.#copies.get(meetingId);
    if (answer.partial && !known) return;
    const segments = answer.partial && known ? applyChanges(known.segments, answer.segments) : answer.segments;
    this.forget(meetingId);
    this.#copies.set(meetingId, { segments, cursor: answer.cursor, takenAt });
    this.#segments += segments.length;
    for (const [oldest] of this.#copies) {
      if (this.#copies.size <= this.#bounds.meetings && this.#segments <= this.#bounds.segments) break;
      this.forget(oldest);
    }
  }

  get(meetingId: number): LastCopy | undefined {
    return this.#copies.get(meetingId);
  }

  forget(meetingId: number): void {
    this.#segments -= this.#copies.get(meetingId)?.segments.length ?? 0;
    this.#copies.delete(meetingId);
  }
}
