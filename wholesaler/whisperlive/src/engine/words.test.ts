import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textOf, tokenBytes } from './token-bytes.ts';
import { splitWords } from './words.ts';

/** A vocabulary of single bytes and of the pieces named. */
function vocabularyOf(...pieces: string[]) {
  const bytes: (Uint8Array | undefined)[] = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
  const ids = new Map<string, number>();
  for (const piece of pieces) {
    ids.set(piece, bytes.length);
    bytes.push(new TextEncoder().encode(piece));
  }
  return {
    decode: (tokens: readonly number[]) => textOf(bytes, tokens),
    encode: (...wanted: string[]) => wanted.flatMap((piece) => ids.get(piece) ?? [...new TextEncoder().encode(piece)]),
  };
}

const texts = (words: readonly { text: string }[]): string[] => words.map(({ text }) => text);

describe('words of a transcript', () => {
  test('carry the space before them and their punctuation', () => {
    const { decode, encode } = vocabularyOf(' he', 'llo', ',', ' "', 'wor', 'ld', '!', '"', ' -', ' so');
    const tokens = encode(' he', 'llo', ',', ' "', 'wor', 'ld', '!', '"', ' -', ' so');
    const words = splitWords(tokens, 'en', decode);
    expect(texts(words)).toEqual([' hello,', ' "world!"', ' - so']);
    expect(words.flatMap((word) => word.tokens)).toEqual(tokens);
  });

  test('keep the apostrophe of a short form', () => {
    const { decode, encode } = vocabularyOf(' we', "'re", ' fine');
    expect(texts(splitWords(encode(' we', "'re", ' fine'), 'en', decode))).toEqual([" we're", ' fine']);
  });

  test('are characters where a language writes no spaces, however many tokens make one', () => {
    const { decode, encode } = vocabularyOf();
    expect(texts(splitWords(encode('日本語。'), 'ja', decode))).toEqual(['日', '本', '語。']);
  });

  test('come of every sequence of tokens, also of one that ends inside a character', () => {
    const { decode } = vocabularyOf();
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.array(byte), fc.constantFrom('en', 'ja'), (tokens, language) => {
        const words = splitWords(tokens, language, decode);
        expect(words.flatMap((word) => word.tokens)).toEqual(tokens);
      }),
    );
  });
});

test('a token is read as the bytes its name stands for', () => {
  const bytes = tokenBytes({ Ġna: 0, ÃŃ: 1, Ċ: 2 });
  expect(textOf(bytes, [0, 1, 2, 99])).toBe(' naí\n');
});
