import { alignWords, type Step } from '@vexa/load-tester/align-words';
import { normaliseWords } from '@vexa/shared/testing/word-error-rate';

/** Fewer words in a row may be missing because one of them was heard as part of another. */
const sentenceWords = 4;
const loopRepeats = 4;
const longestLoop = 12;

export interface TextErrors {
  words: number;
  inserted: number;
  deleted: number;
  substituted: number;
  /** Runs of at least four words in a row that are missing: what a listener calls a lost sentence. */
  lostSentences: number;
  /** Texts in which the decoder got stuck, saying the same again and again. */
  loops: number;
}

export const noErrors: TextErrors = { words: 0, inserted: 0, deleted: 0, substituted: 0, lostSentences: 0, loops: 0 };

/** Japanese and Chinese have no spaces; Korean has, but spacing is a matter of taste: there characters are compared. */
const byCharacter = new Set(['ja', 'ko', 'zh', 'th']);

export const wordsOf = (text: string, language = 'en'): string[] =>
  byCharacter.has(language) ? [...normaliseWords(text).join('')] : normaliseWords(text);

export function textErrors(reference: string, hypothesis: string, language = 'en'): TextErrors {
  const wanted = wordsOf(reference, language);
  const got = wordsOf(hypothesis, language);
  const steps = alignWords(wanted, got);
  const count = (kind: Step['kind']) => steps.filter((step) => step.kind === kind).length;
  return {
    words: wanted.length,
    inserted: count('inserted'),
    deleted: count('deleted'),
    substituted: count('substituted'),
    lostSentences: runs(steps, 'deleted').filter((run) => run.length >= sentenceWords).length,
    loops: repeatsItself(got) && !repeatsItself(wanted) ? 1 : 0,
  };
}

export function addErrors(all: readonly TextErrors[]): TextErrors {
  const total = { ...noErrors };
  for (const errors of all) {
    for (const key of Object.keys(total) as (keyof TextErrors)[]) total[key] += errors[key];
  }
  return total;
}

export const wer = ({ words, inserted, deleted, substituted }: TextErrors): number =>
  words === 0 ? 0 : (inserted + deleted + substituted) / words;

/** Steps of one kind that follow each other. */
export function runs(steps: readonly Step[], kind: Step['kind']): Step[][] {
  const found: Step[][] = [];
  let open: Step[] | undefined;
  for (const step of steps) {
    if (step.kind !== kind) open = undefined;
    else if (open) open.push(step);
    else {
      open = [step];
      found.push(open);
    }
  }
  return found;
}

/** True when some one to twelve words come four times in a row. */
export function repeatsItself(words: readonly string[]): boolean {
  for (let length = 1; length <= Math.min(longestLoop, words.length / loopRepeats); length += 1) {
    let same = 0;
    for (let at = length; at < words.length; at += 1) {
      same = words[at] === words[at - length] ? same + 1 : 0;
      if (same >= length * (loopRepeats - 1)) return true;
    }
  }
  return false;
}
