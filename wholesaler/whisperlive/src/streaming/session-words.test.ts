import { expect, test } from 'vitest';
import { finalTimes, wordsInSession } from './session-words.ts';

const utterance = { from: 16_000 * 60, voiceEnd: 16_000 * 62 };

test('words of a clip are told in seconds of the session, without their tokens', () => {
  const words = [
    { text: ' Hello', tokens: [1], start: 0.3, end: 0.62, probability: 0.9 },
    { text: ' you.', tokens: [2, 3], start: 0.62, end: 0.9 },
  ];
  expect(wordsInSession(words, utterance)).toEqual([
    { text: ' Hello', start: 60.3, end: 60.62, probability: 0.9 },
    { text: ' you.', start: 60.62, end: 60.9 },
  ]);
});

test('words without times are left out', () => {
  expect(wordsInSession([{ text: ' Hello', tokens: [1] }], utterance)).toEqual([]);
});

test('an utterance begins with its first word and ends no earlier than the voice', () => {
  const word = (start: number, end: number) => ({ text: ' a', start, end });
  expect(finalTimes([word(60.3, 60.5), word(60.5, 61.8)], utterance)).toEqual({ start: 60.3, end: 62 });
  expect(finalTimes([word(60.3, 62.1)], utterance)).toEqual({ start: 60.3, end: 62.1 });
  expect(finalTimes([], utterance)).toEqual({ start: 60, end: 62 });
});
