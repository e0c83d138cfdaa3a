import type { TranscribeResult } from '../../src/engine/engine.ts';
import type { Word } from '../../src/engine/words.ts';

/** Words as the engine parts them: each with the space before it, punctuation attached, a token for every three letters. */
export function wordsOf(text: string): Word[] {
  return (text.match(/\s*\S+/g) ?? []).map((word) => {
    const spaced = word.startsWith(' ') ? word : ` ${word}`;
    const pieces = spaced.match(/.{1,3}/gsu) ?? [];
    return { text: spaced, tokens: pieces.map(tokenOf) };
  });
}

const tokenOf = (piece: string): number =>
  [...piece].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 50_000, 7);

/** What the engine answers when it hears `text` clearly. */
export function said(text: string, more: Partial<TranscribeResult> = {}): TranscribeResult {
  const words = wordsOf(text);
  return {
    text,
    words,
    tokens: words.flatMap(({ tokens }) => tokens),
    language: 'en',
    languageProbability: 1,
    averageLogprob: -0.2,
    noSpeechProbability: 0.1,
    compressionRatio: 1,
    temperature: 0,
    looped: false,
    ...more,
  };
}
