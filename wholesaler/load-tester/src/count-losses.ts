import type { ShownSegment } from './heard.ts';
import type { Speech } from './speech-plan.ts';

/** A server may cut a little of an utterance's edges. */
const leastSeconds = 0.3;
const doubledShare = 0.5;

export interface Losses {
  /** Utterances that no final segment covers. */
  lost: number;
  /** Final segments of which half or more is in another one too. */
  doubled: number;
}

/** What the final segments leave out or say twice, by their times alone: whether the words are right is another question. */
export function countLosses(speech: Speech, finals: readonly ShownSegment[]): Losses {
  const utterances = speech.utteranceEnds.map((end, utterance) => ({
    start: speech.words.find((word) => word.utterance === utterance)?.start ?? end,
    end,
  }));
  const lost = utterances.filter(
    (said) => !finals.some((final) => overlap(said, final) >= Math.min(leastSeconds, said.end - said.start)),
  );
  const doubled = finals.filter((final, i) =>
    finals.slice(0, i).some((other) => {
      const shorter = Math.min(final.end - final.start, other.end - other.start);
      return shorter > 0 && overlap(final, other) >= doubledShare * shorter;
    }),
  );
  return { lost: lost.length, doubled: doubled.length };
}

interface Span {
  start: number;
  end: number;
}

const overlap = (a: Span, b: Span): number => Math.min(a.end, b.end) - Math.max(a.start, b.start);
