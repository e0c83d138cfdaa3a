import { expect, it } from 'vitest';
import { takeTurns } from './take-turns.ts';

it('lets people speak in turns, each with their own words at their times and silence between', () => {
  const word = (text: string, start: number, utterance: number) => ({ text, start, end: start + 0.5, utterance });
  const speech = {
    audio: new Float32Array(16_000 * 8).fill(0.5),
    words: [word('one', 0.5, 0), word('two', 2.5, 1), word('three', 4.5, 2)],
    utteranceEnds: [1, 3, 5],
  };
  const [ann, ben] = takeTurns(speech, 2) as [typeof speech, typeof speech];
  expect(ann.words.map(({ text, start, utterance }) => [text, start, utterance])).toEqual([
    ['one', 0.5, 0],
    ['three', 4.5, 1],
  ]);
  expect(ann.utteranceEnds).toEqual([1, 5]);
  expect(ben.utteranceEnds).toEqual([3]);
  expect(ann.audio.every((sample, i) => sample + (ben.audio[i] ?? 0) === 0.5)).toBe(true);
  expect([ann.audio[16_000 * 2.5], ben.audio[16_000 * 2.5]]).toEqual([0, 0.5]);
});
