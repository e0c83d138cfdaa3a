import { expect, test } from 'vitest';
import { endedEarly, isLeftOut } from './early-end.ts';

const sentence = [11, 12, 13, 14, 15, 16];
const other = [21, 22, 23, 24, 25];
const sure = { averageLogprob: -0.1, looped: false };

test('few words for much voice are suspicious, a slow or a short utterance is not', () => {
  expect(endedEarly(10, 9.8)).toBe(true);
  expect(endedEarly(32, 9.8)).toBe(false);
  expect(endedEarly(1, 2)).toBe(false);
  expect(endedEarly(1, undefined)).toBe(false);
});

test('another sentence is taken, the same one again is not', () => {
  expect(isLeftOut({ ...sure, tokens: other }, sentence)).toBe(true);
  expect(isLeftOut({ ...sure, tokens: sentence }, sentence)).toBe(false);
  expect(isLeftOut({ ...sure, tokens: sentence.slice(2) }, sentence)).toBe(false);
});

test('what the decoder is unsure of, a loop and a single token are not taken', () => {
  expect(isLeftOut({ ...sure, averageLogprob: -1.6, tokens: other }, sentence)).toBe(false);
  expect(isLeftOut({ ...sure, looped: true, tokens: other }, sentence)).toBe(false);
  expect(isLeftOut({ ...sure, tokens: [99] }, sentence)).toBe(false);
});
