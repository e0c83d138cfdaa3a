import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fullWindow, isShort, maxPositions, sizeOf, windowOf } from './window.ts';

test('a window stands for all of the 30 s, however short its clip', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 30, noNaN: true }), (seconds) => {
      const { positions, tail } = windowOf(seconds);
      expect(positions + tail.reduce((sum, { count }) => sum + count, 0)).toBe(maxPositions);
      expect(tail.every(({ position }) => position >= positions && position < maxPositions)).toBe(true);
      expect(positions).toBeGreaterThanOrEqual(Math.min(maxPositions, Math.ceil(seconds * 50)));
    }),
  );
});

test('a short clip costs a fraction of the full window; a long one takes the full window', () => {
  expect(sizeOf(windowOf(3))).toBeLessThan(maxPositions / 5);
  expect(windowOf(29)).toBe(fullWindow);
  expect(isShort(windowOf(20))).toBe(true);
});
