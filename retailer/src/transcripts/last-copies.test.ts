import type { Segment } from '@vexa/shared/contracts/transcript';
import { expect, test } from 'vitest';
import { LastCopies } from './last-copies.ts';

const copyOf = (count: number) => ({ segments: new Array<Segment>(count), cursor: null });

test('the newest copy of a meeting replaces the one before', () => {
  const copies = new LastCopies({ meetings: 2, segments: 10 });
  copies.keep(1, copyOf(6));
  copies.keep(1, copyOf(8));
  expect(copies.get(1)?.segments).toHaveLength(8);
});

test('never more meetings or segments are kept than allowed', () => {
  const copies = new LastCopies({ meetings: 2, segments: 10 });
  copies.keep(1, copyOf(4));
  copies.keep(2, copyOf(4));
  copies.keep(3, copyOf(4));
  expect([1, 2, 3].filter((id) => copies.get(id))).toEqual([2, 3]);
  copies.keep(4, copyOf(10));
  expect([1, 2, 3, 4].filter((id) => copies.get(id))).toEqual([4]);
  copies.keep(5, copyOf(11));
  expect(copies.get(5)).toBeUndefined();
});
