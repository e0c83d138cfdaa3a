import { expect, test } from 'vitest';
import { decodeCursor, encodeCursor, newEpoch, requireCursor } from './cursor.ts';

test('a cursor comes back as it was', () => {
  const cursor = { epoch: newEpoch(), seq: 42 };
  expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
});

test.each(['', 'x', 'x.', '.1', 'a.1.2', 'A.1', 'a.-1', `a.${'9'.repeat(16)}`])(
  '%j is refused, naming since',
  (text) => {
    expect(decodeCursor(text)).toBeUndefined();
    expect(() => requireCursor(text)).toThrow('query.since');
  },
);

test('no two logs have the same epoch', () => {
  expect(new Set(Array.from({ length: 1_000 }, newEpoch)).size).toBe(1_000);
});
