import { expect, test } from 'vitest';
import { quietestPoint } from './quietest-point.ts';
import { samples } from './utterance-detector.ts';

test('the quietest point is found in the pause and never before the search begins', () => {
  const audio = new Float32Array(samples(3)).fill(0.5);
  audio.fill(0, samples(2), samples(2.2));
  audio.fill(0, 0, samples(0.5));
  const at = quietestPoint(audio, samples(1));
  expect(at).toBeGreaterThanOrEqual(samples(2));
  expect(at).toBeLessThanOrEqual(samples(2.2));
});

test('audio too short to search is cut where the search begins', () => {
  expect(quietestPoint(new Float32Array(100), 50)).toBe(50);
});
