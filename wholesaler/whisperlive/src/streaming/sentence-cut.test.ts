import { expect, test } from 'vitest';
import { wordsOf } from '../../test/support/said.ts';
import { defaultPolicy as policy } from './policy.ts';
import { finishedWords, pauseToTry } from './sentence-cut.ts';
import { samples } from './utterance-detector.ts';

const agreed = wordsOf('It was the best of times. It was the worst of times. It was the age of wisdom');
const sentences = { anyWord: false };

test('a decode that ends with the words of a sentence has finished those before', () => {
  expect(finishedWords(agreed, wordsOf('It was the best of times.'), sentences)).toBe(6);
  const both = wordsOf('It was the best of times, it was the worst of times.');
  expect(finishedWords(agreed, both, sentences)).toBe(12);
});

test('a decode that ends within a sentence, or has lost its end, finishes nothing', () => {
  expect(finishedWords(agreed, wordsOf('It was the best of times. It was the'), sentences)).toBeUndefined();
  expect(finishedWords(agreed, wordsOf('It was the best of'), sentences)).toBeUndefined();
  expect(finishedWords(agreed, [], sentences)).toBeUndefined();
});

test('a decode that lacks or adds more than a word finishes nothing, one that hears a word otherwise does', () => {
  expect(finishedWords(agreed, wordsOf('The worst of times.'), sentences)).toBeUndefined();
  expect(finishedWords(agreed, wordsOf('Well, well, it was the best of times.'), sentences)).toBeUndefined();
  expect(finishedWords(agreed, wordsOf('It is the best of times.'), sentences)).toBe(6);
});

test('after a very long time any two words may be parted', () => {
  expect(finishedWords(agreed, wordsOf('It was the best of times. It was the'), { anyWord: true })).toBe(9);
});

test('words that are said again are finished once', () => {
  const again = wordsOf('I know. I know. I know. And then we went');
  expect(finishedWords(again, wordsOf('I know. I know.'), sentences)).toBe(4);
});

const open = (seconds: number, ...pauses: [number, number][]) => ({
  from: 0,
  voiceEnd: samples(seconds),
  pauses: pauses.map(([from, to]) => ({ from: samples(from), to: samples(to) })),
});
const hypothesis = { agreed, tentative: wordsOf(' it was the age of foolishness') };
const untried = { policy, tried: new Set<number>() };

test('the pause nearest to the border of two sentences is tried, a longer one rather than a shorter one', () => {
  const pause = pauseToTry(open(12, [1, 1.3], [3, 3.2], [5.7, 5.8], [6.4, 6.7], [11, 11.2]), hypothesis, untried);
  expect(pause?.from).toBe(samples(6.4));
});

test('no pause is tried twice, none in a short utterance, and none far from the border', () => {
  const spoken = open(12, [6.4, 6.7]);
  expect(pauseToTry(spoken, hypothesis, { policy, tried: new Set([samples(6.4)]) })).toBeUndefined();
  expect(pauseToTry(open(9, [4, 4.3]), hypothesis, untried)).toBeUndefined();
  expect(pauseToTry(open(12, [11, 11.3]), hypothesis, untried)).toBeUndefined();
});

test('no pause is tried before two words follow the sentence', () => {
  const early = { agreed: wordsOf('It was the best of times. It'), tentative: wordsOf(' was the worst') };
  expect(pauseToTry(open(12, [6.4, 6.7]), early, untried)).toBeUndefined();
});
