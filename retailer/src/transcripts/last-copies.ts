import type { Segment } from '@vexa/shared/contracts/transcript';

export interface LastCopy {
  segments: Segment[];
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

  keep(meetingId: number, copy: LastCopy): void {
    this.forget(meetingId);
    this.#copies.set(meetingId, copy);
    this.#segments += copy.segments.length;
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
