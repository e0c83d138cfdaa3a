import type { Word } from '../engine/words.ts';

/** What drafts of one utterance have said so far. The text shown is `agreed` followed by `tentative`. */
export interface Hypothesis {
  /** Said alike by two drafts in a row: they never change again in a draft, and the next decode must begin with them. */
  readonly agreed: readonly Word[];
  /** Said by the newest draft alone. */
  readonly tentative: readonly Word[];
}

export const nothingSaid: Hypothesis = { agreed: [], tentative: [] };

/**
 * LocalAgreement-2 (Macháček, Dabre, Bojar 2023: "Turning Whisper into Real-Time Transcription System"): the longest
 * common beginning of two drafts in a row is stable. The newest draft's last word is never agreed, since its audio may
 * end within it. Gives undefined when the words do not go on from what is agreed: such a draft cannot be shown.
 */
export function agree(before: Hypothesis, words: readonly Word[]): Hypothesis | undefined {
  const fresh = wordsAfter(before.agreed, words);
  if (!fresh) return undefined;
  const limit = Math.min(fresh.length - 1, before.tentative.length);
  let common = 0;
  while (common < limit && sameWord(fresh[common], before.tentative[common])) common += 1;
  return { agreed: [...before.agreed, ...fresh.slice(0, common)], tentative: fresh.slice(common) };
}

export const tokensOf = (words: readonly Word[]): number[] => words.flatMap(({ tokens }) => tokens);

export const textOf = (words: readonly Word[]): string =>
  words
    .map(({ text }) => text)
    .join('')
    .trim();

export const shownText = ({ agreed, tentative }: Hypothesis): string => textOf([...agreed, ...tentative]);

/** Capitals and punctuation follow from what comes after a word, so they do not make it another one. */
export function sameWord(a: Word | undefined, b: Word | undefined): boolean {
  return a !== undefined && b !== undefined && bareWord(a.text) === bareWord(b.text);
}

/** A word without case and punctuation; of pure punctuation, itself. */
export function bareWord(text: string): string {
  const bare = text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '');
  return bare || text.trim();
}

/** The words behind those that are agreed: by their tokens when those were forced, else by their letters. */
function wordsAfter(agreed: readonly Word[], words: readonly Word[]): readonly Word[] | undefined {
  const prefix = tokensOf(agreed);
  const tokens = tokensOf(words);
  if (prefix.every((token, i) => tokens[i] === token)) return dropTokens(words, prefix.length, textLength(agreed));
  return agreed.every((word, i) => sameWord(word, words[i])) ? words.slice(agreed.length) : undefined;
}

const textLength = (words: readonly Word[]): number => words.reduce((sum, { text }) => sum + text.length, 0);

/**
 * What comes after the first `count` tokens, which make up `characters` of text. A word that was whole in the prefix may
 * have grown (" Americans" by ","): what it grew by is then a piece of its own, so that what was agreed stays as it is.
 */
function dropTokens(words: readonly Word[], count: number, characters: number): Word[] {
  let tokensLeft = count;
  let charactersLeft = characters;
  const rest: Word[] = [];
  for (const word of words) {
    if (tokensLeft <= 0) rest.push(word);
    else if (tokensLeft < word.tokens.length) {
      rest.push({ ...word, text: word.text.slice(charactersLeft), tokens: word.tokens.slice(tokensLeft) });
    }
    tokensLeft -= word.tokens.length;
    charactersLeft -= word.text.length;
  }
  return rest;
}
