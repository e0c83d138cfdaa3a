import { expect, it } from 'vitest';
import { countLosses } from './count-losses.ts';
import type { Speech } from './speech-plan.ts';

const speech: Speech = {
  audio: new Float32Array(),
  words: [
    { text: 'one', start: 0, end: 1, utterance: 0 },
    { text: 'two', start: 3, end: 4, utterance: 1 },
    { text: 'three', start: 6, end: 7, utterance: 2 },
  ],
  utteranceEnds: [1, 4, 7],
};
const final = (start: number, end: number) => ({ start, end, text: 'x', completed: true });

it('finds nothing wrong with an utterance cut in two, or two in one', () => {
  expect(countLosses(speech, [final(0, 0.5), final(0.5, 1.1), final(2.8, 7.2)])).toEqual({ lost: 0, doubled: 0 });
});

it('counts what is missing and what is said twice', () => {
  expect(countLosses(speech, [final(0, 1), final(0.1, 1), final(6, 7)])).toEqual({ lost: 1, doubled: 1 });
  expect(countLosses(speech, [])).toEqual({ lost: 3, doubled: 0 });
});
