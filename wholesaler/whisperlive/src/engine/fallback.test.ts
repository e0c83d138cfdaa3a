import { expect, test } from 'vitest';
import { isConvincing, mostConvincing } from './fallback.ts';

const sure = { averageLogprob: -0.3, noSpeechProbability: 0.1, compressionRatio: 1.2, looped: false };

test('unlikely, repetitive and looping transcripts are tried again; silence is not', () => {
  expect(isConvincing(sure)).toBe(true);
  expect(isConvincing({ ...sure, averageLogprob: -1.1 })).toBe(false);
  expect(isConvincing({ ...sure, compressionRatio: 2.5 })).toBe(false);
  expect(isConvincing({ ...sure, looped: true })).toBe(false);
  expect(isConvincing({ ...sure, averageLogprob: -1.1, noSpeechProbability: 0.7 })).toBe(true);
});

test('when nothing convinces, the likeliest that does not repeat itself is taken', () => {
  const loop = { ...sure, averageLogprob: -0.1, looped: true, id: 1 };
  const unlikely = { ...sure, averageLogprob: -1.5, id: 2 };
  const unlikelier = { ...sure, averageLogprob: -2, id: 3 };
  expect(mostConvincing([loop, unlikely, unlikelier]).id).toBe(2);
  expect(mostConvincing([loop, unlikely, { ...sure, id: 4 }]).id).toBe(4);
});
