import { expect, test } from 'vitest';
import { repeatsItself } from './loop-guard.ts';

const phrase = [11, 12, 13, 14, 15];

test('a sentence said three times in a row is a loop', () => {
  expect(repeatsItself([1, ...phrase, ...phrase, ...phrase])).toBe(true);
});

test('a sentence said twice is speech', () => {
  expect(repeatsItself([1, ...phrase, ...phrase, 2])).toBe(false);
});

test('"no, no, no" is speech, one word without end is a loop', () => {
  expect(repeatsItself([5, 7, 7, 7, 7, 9])).toBe(false);
  expect(repeatsItself(Array.from({ length: 12 }, () => 7))).toBe(true);
});

test('a phrase that returns later is speech', () => {
  expect(repeatsItself([...phrase, 1, 2, ...phrase, 3, ...phrase])).toBe(false);
});
