import { bySpokenOrder, type Segment } from '@vexa/shared/contracts/transcript';
import { type Cursor, newEpoch } from '@vexa/shared/transcripts/cursor';
import { isGone } from '../transcripts/changes.ts';

interface Entry {
  segment: Segment;
  /** The change that made it what it is. */
  seq: number;
}

/** What was said in one meeting, with a number for every change, so that each reader can be told what is new to them. */
export class SegmentLog {
  readonly #epoch = newEpoch();
  /** Those that are gone stay with an empty text: readers may have seen them. */
  readonly #entries = new Map<string, Entry>();
  #seq = 0;

  get cursor(): Cursor {
    return { epoch: this.#epoch, seq: this.#seq };
  }

  /** Takes over what is new; a revision older than the known one is left. Returns what changed. */
  merge(segments: readonly Segment[]): Segment[] {
    return this.#put(
      segments.filter((segment) => {
        const known = this.#entries.get(segment.segment_id)?.segment;
        return known ? isNews(segment, known) : !isGone(segment);
      }),
    );
  }

  /** Takes over a read of the whole meeting that was begun at `asOf`: what it lacks is gone, unless it came meanwhile. */
  replace(segments: readonly Segment[], asOf: number): Segment[] {
    return [...this.merge(segments), ...this.#dropOthers(segments, asOf)];
  }

  /** Takes over the final transcript, whatever was known. */
  settle(segments: readonly Segment[]): Segment[] {
    const changed = segments.filter((segment) => {
      const known = this.#entries.get(segment.segment_id)?.segment;
      return !known || differs(segment, known);
    });
    return [...this.#put(changed), ...this.#dropOthers(segments, this.#seq)];
  }

  /** All that was said, in spoken order. */
  all(): Segment[] {
    return this.#select(({ segment }) => !isGone(segment)).sort(bySpokenOrder);
  }

  /** What changed since, those that are gone included; undefined when the cursor is of another log. */
  since({ epoch, seq: seen }: Cursor): Segment[] | undefined {
    if (epoch !== this.#epoch || seen > this.#seq) return undefined;
    return this.#select(({ seq }) => seq > seen).sort(bySpokenOrder);
  }

  #dropOthers(segments: readonly Segment[], asOf: number): Segment[] {
    const present = new Set(segments.map(({ segment_id }) => segment_id));
    const gone = [...this.#entries.values()].filter(
      ({ segment, seq }) => seq <= asOf && !present.has(segment.segment_id) && !isGone(segment),
    );
    // As drafts, so that they may come back.
    return this.#put(gone.map(({ segment }) => ({ ...segment, text: '', completed: false })));
  }

  #put(segments: Segment[]): Segment[] {
    if (segments.length > 0) this.#seq += 1;
    for (const segment of segments) this.#entries.set(segment.segment_id, { segment, seq: this.#seq });
    return segments;
  }

  #select(fits: (entry: Entry) => boolean): Segment[] {
    return [...this.#entries.values()].filter(fits).map(({ segment }) => segment);
  }
}

/** Frames and reads reach us by different ways, so an older revision may come after a newer one. */
function isNews(segment: Segment, known: Segment): boolean {
  if (known.completed && !segment.completed) return false;
  if (segment.updated_at !== null && known.updated_at !== null && segment.updated_at < known.updated_at) return false;
  return differs(segment, known);
}

const differs = (a: Segment, b: Segment): boolean => JSON.stringify(told(a)) !== JSON.stringify(told(b));

const told = ({ text, start, end, speaker, language, completed }: Segment) => [
  text,
  start,
  end,
  speaker,
  language,
  completed,
];
