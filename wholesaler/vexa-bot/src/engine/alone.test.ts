import { expect, test } from 'vitest';
import { createAloneRule } from './alone.ts';

const limits = { noOneJoinedMs: 1_000, everyoneLeftMs: 300 };

test('a bot that nobody joins waits its whole time', () => {
  const rule = createAloneRule(limits, 0);
  expect(rule({ others: 0, lastSoundAt: undefined, now: 999 })).toBeUndefined();
  expect(rule({ others: 0, lastSoundAt: undefined, now: 1_000 })).toBe('startup_alone');
});

test('after company the shorter wait counts, from when the last one left', () => {
  const rule = createAloneRule(limits, 0);
  expect(rule({ others: 1, lastSoundAt: undefined, now: 5_000 })).toBeUndefined();
  expect(rule({ others: 0, lastSoundAt: undefined, now: 5_299 })).toBeUndefined();
  expect(rule({ others: 0, lastSoundAt: undefined, now: 5_300 })).toBe('left_alone');
});

test('somebody who is heard is there, even if no tile shows them', () => {
  const rule = createAloneRule(limits, 0);
  expect(rule({ others: 0, lastSoundAt: 800, now: 1_500 })).toBeUndefined();
  expect(rule({ others: 0, lastSoundAt: 800, now: 1_800 })).toBe('startup_alone');
});
