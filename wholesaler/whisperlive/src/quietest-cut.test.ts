import { expect, test } from 'vitest';
import { quietestCut } from './quietest-cut.ts';

test('a clip that fits is not cut', () => {
  expect(quietestCut(new Float32Array(1000), 480_000)).toBe(1000);
});

test('a long clip is cut in its pause', () => {
  const audio = new Float32Array(600_000).fill(0.5);
  audio.fill(0, 400_000, 408_000);
  const cut = quietestCut(audio, 480_000);
  expect(cut).toBeGreaterThan(400_000);
  expect(cut).toBeLessThan(408_000);
});
