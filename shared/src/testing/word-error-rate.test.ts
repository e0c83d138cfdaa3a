import { expect, test } from 'vitest';
import { wordErrorRate } from './word-error-rate.ts';

test('case, punctuation and common abbreviations cost nothing', () => {
  expect(wordErrorRate('MISTER QUILTER IS HERE', 'Mr. Quilter is here.')).toMatchObject({ errors: 0, words: 4 });
});

test('lost, invented and wrong words are counted apart', () => {
  expect(wordErrorRate('a b c d', 'a x c')).toMatchObject({ errors: 2, substituted: 1, deleted: 1, inserted: 0 });
  expect(wordErrorRate('a b', 'a b c c')).toMatchObject({ errors: 2, inserted: 2, wer: 1 });
});

test('silence for words loses all of them', () => {
  expect(wordErrorRate('one two', '')).toMatchObject({ deleted: 2, wer: 1 });
});
