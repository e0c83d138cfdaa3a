import { expect, test } from 'vitest';
import { createLogMel } from './mel.ts';

const sweep = Float32Array.from({ length: 32_000 }, (_, i) => {
  const t = i / 16_000;
  return 0.3 * Math.sin(2 * Math.PI * (200 + 600 * t) * t) + 0.1 * Math.sin(2 * Math.PI * 3333 * t);
});

test('features of a sweep equal those of faster-whisper', () => {
  const frames = 1000;
  const features = createLogMel(80)(sweep, frames);
  const expected: [bin: number, frame: number, value: number][] = [
    [0, 0, 1.0616],
    [5, 50, -0.6593],
    [60, 199, -0.0019],
    [30, 200, 0.4098],
    [10, 999, -0.6593],
  ];
  for (const [bin, frame, value] of expected) expect(features[bin * frames + frame]).toBeCloseTo(value, 3);
});

test('a clip of the full 30 s and an empty one both give the frames asked for', () => {
  expect(createLogMel(80)(new Float32Array(480_000), 3000)).toHaveLength(240_000);
  expect(createLogMel(80)(new Float32Array(0), 1000)[0]).toBeCloseTo(-1.5, 5);
});
