import { alignWords } from '@vexa/load-tester/align-words';
import { normaliseWords, wordErrorRate } from '@vexa/shared/testing/word-error-rate';

/** Words of somebody: what was said, or a segment of a transcript; in the order in which they were said. */
export interface Line {
  speaker: string | null;
  text: string;
}

interface Named {
  word: string;
  speaker: string | null;
}

export interface Judged {
  errors: number;
  words: number;
  wer: number;
  /** Of the words that were recognised, those under the name of the one who said them; 0 to 1. */
  rightNames: number;
  named: number;
}

/** Whether the words of turns are in the transcript, and under whose names. */
export function judgeTurns(said: readonly Line[], heard: readonly Line[]): Judged {
  const [wanted, got] = [wordsOf(said), wordsOf(heard)];
  const pairs = alignWords(
    wanted.map(({ word }) => word),
    got.map(({ word }) => word),
  ).flatMap((step) => {
    if (step.kind !== 'same' && step.kind !== 'substituted') return [];
    return [{ by: wanted[step.reference]?.speaker, under: got[step.hypothesis]?.speaker }];
  });
  const right = pairs.filter(({ by, under }) => by === under).length;
  const { errors, words, wer } = wordErrorRate(textOf(said), textOf(heard));
  return { errors, words, wer, rightNames: pairs.length === 0 ? 0 : right / pairs.length, named: pairs.length };
}

/** The same where people talk over each other, so that the words have no one order: each name's words by themselves. */
export function judgeOverlaps(said: readonly Line[], heard: readonly Line[]): Judged {
  const speakers = [...new Set(said.map(({ speaker }) => speaker))];
  const each = speakers.map((name) => {
    const own = (lines: readonly Line[]) => lines.filter(({ speaker }) => speaker === name);
    return judgeTurns(own(said), own(heard));
  });
  const sum = (pick: (judged: Judged) => number) => each.reduce((total, judged) => total + pick(judged), 0);
  const words = sum((judged) => judged.words);
  const heardWords = wordsOf(heard).length;
  const named = sum((judged) => judged.named);
  const rightNames = heardWords === 0 ? 0 : named / heardWords;
  return { errors: sum((judged) => judged.errors), words, wer: sum((j) => j.errors) / words, rightNames, named };
}

const textOf = (lines: readonly Line[]): string => lines.map(({ text }) => text).join(' ');

const wordsOf = (lines: readonly Line[]): Named[] =>
  lines.flatMap(({ speaker, text }) => normaliseWords(text).map((word) => ({ word, speaker })));
