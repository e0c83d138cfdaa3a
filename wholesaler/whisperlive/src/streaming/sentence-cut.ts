import type { Word } from '../engine/words.ts';
import { bareWord, type Hypothesis } from './local-agreement.ts';
import type { StreamingPolicy } from './policy.ts';
import { endsSentence } from './sentence-end.ts';
import { type Pause, samples } from './utterance-detector.ts';

interface Open {
  from: number;
  voiceEnd: number;
  pauses: readonly Pause[];
}

/** So many agreed words must follow a border: it is then far enough behind what is being said now. */
const wordsBehind = 2;
/** Text is spread over time so unevenly that a border is looked for this far from where its share of the text puts it. */
const searchSeconds = 3;
/** A pause twice as long as another may be this many of its own lengths farther away. */
const lengthWeight = 4;

/**
 * Where a long utterance could let go of its finished sentences: the pause that fits best to the last border between two
 * agreed sentences (after a very long time, between any two words). Whether it really is the border, only a decode of
 * the audio before it can tell: see `finishedWords`.
 */
export function pauseToTry(
  open: Open,
  hypothesis: Hypothesis,
  { policy, tried }: { policy: StreamingPolicy; tried: ReadonlySet<number> },
): Pause | undefined {
  const length = open.voiceEnd - open.from;
  if (length < samples(policy.sentenceCutFrom)) return undefined;
  const border = borders(hypothesis.agreed, length >= samples(policy.clauseCutFrom)).at(-1);
  if (border === undefined) return undefined;
  const before = characters(hypothesis.agreed.slice(0, border));
  const share = before / characters([...hypothesis.agreed, ...hypothesis.tentative]);
  const expected = open.from + share * length;
  const cost = ({ from, to }: Pause) => Math.abs((from + to) / 2 - expected) - lengthWeight * (to - from);
  const [best] = open.pauses
    .filter(({ from, to }) => to - from >= samples(policy.minCutPause) && !tried.has(from))
    .filter(({ from }) => from - open.from >= samples(policy.minCutLength))
    .filter(({ from, to }) => Math.abs((from + to) / 2 - expected) <= samples(searchSeconds))
    .sort((a, b) => cost(a) - cost(b));
  return best;
}

/**
 * How many of the agreed words a decode of the audio up to a pause has finished: those up to the border where it ends
 * with the same words. Undefined when it ends at no border; cutting there would lose or double a word.
 */
export function finishedWords(
  agreed: readonly Word[],
  heard: readonly Word[],
  { anyWord }: { anyWord: boolean },
): number | undefined {
  const said = bare(heard);
  if (said.length === 0) return undefined;
  let best: { count: number; errors: number } | undefined;
  for (const count of borders(agreed, anyWord)) {
    const expected = bare(agreed.slice(0, count));
    const sameEnd = [1, 2].every((i) => said.at(-i) === expected.at(-i));
    if (!sameEnd || Math.abs(expected.length - said.length) > 1) continue;
    const errors = differences(expected, said);
    if (errors <= maxDifference(expected.length) && (!best || errors < best.errors)) best = { count, errors };
  }
  return best?.count;
}

/** With the whole sentence before it, the same word may be heard better ("conquest", "Chromecast"). */
const maxDifference = (words: number): number => Math.max(1, Math.floor(words / 5));

/** Counts of agreed words after which a sentence, or any word, ends and others follow. */
function borders(agreed: readonly Word[], anyWord: boolean): number[] {
  const counts: number[] = [];
  for (let count = 1; count <= agreed.length - wordsBehind; count += 1) {
    const next = agreed[count]?.text ?? '';
    // Punctuation that was agreed later than its word is a piece of its own: it stays with the word.
    const partsWords = /[\p{L}\p{N}]/u.test(next);
    const text = agreed.slice(Math.max(0, count - 3), count).map((word) => word.text);
    if (partsWords && (anyWord || endsSentence(text.join('')))) counts.push(count);
  }
  return counts;
}

const characters = (words: readonly Word[]): number => words.reduce((sum, { text }) => sum + text.length, 0);

const bare = (words: readonly Word[]): string[] =>
  words.map(({ text }) => bareWord(text)).filter((word) => /[\p{L}\p{N}]/u.test(word));

/** Levenshtein distance in words. */
function differences(a: readonly string[], b: readonly string[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, word] of a.entries()) {
    const above = row;
    row = [i + 1];
    for (const [j, other] of b.entries()) {
      const swapped = (above[j] ?? 0) + (word === other ? 0 : 1);
      row.push(Math.min(swapped, (above[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
    }
  }
  return row.at(-1) ?? 0;
}
