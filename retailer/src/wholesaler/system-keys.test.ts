import { expect, test } from 'vitest';
import { SystemKeys } from './system-keys.ts';

test('a refused key makes room for the next, for all, until the list begins with another', () => {
  let known = ['a', 'b'];
  const keys = new SystemKeys(() => known);
  expect(keys.inOrder()).toEqual(['a', 'b']);
  keys.refused('a');
  keys.refused('a'); // by a request that was on its way
  expect(keys.inOrder()).toEqual(['b', 'a']);
  known = ['c', 'b'];
  expect(keys.inOrder()).toEqual(['c', 'b']);
  keys.refused('b'); // by a request that was on its way
  expect(keys.inOrder()).toEqual(['c', 'b']);
});

test('a key that is gone from the list is never given', () => {
  let known = ['a', 'b'];
  const keys = new SystemKeys(() => known);
  keys.refused('a');
  known = ['a'];
  expect(keys.inOrder()).toEqual(['a']);
  keys.refused('a');
  expect(keys.inOrder()).toEqual(['a']);
});
