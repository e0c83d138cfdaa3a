import { expect, test } from 'vitest';
import { AudioRing } from './audio-ring.ts';

const counting = (from: number, count: number) => Int16Array.from({ length: count }, (_, index) => from + index);

test('what is kept can be read from any position, also across the seam', () => {
  const ring = new AudioRing(10);
  for (let at = 0; at < 24; at += 4) ring.append(counting(at, 4));
  expect([ring.start, ring.end]).toEqual([14, 24]);
  expect(ring.read(14, 100)).toEqual(counting(14, 10));
  expect(ring.read(18, 3)).toEqual(counting(18, 3));
  expect(ring.read(24, 5)).toEqual(new Int16Array(0));
});

test('more than fits at once leaves the newest, and what is gone cannot be read', () => {
  const ring = new AudioRing(4);
  ring.append(counting(0, 3));
  ring.append(counting(3, 11));
  expect(ring.read(10, 4)).toEqual(counting(10, 4));
  expect(() => ring.read(9, 1)).toThrow(RangeError);
});
