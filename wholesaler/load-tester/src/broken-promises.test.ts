import { expect, it } from 'vitest';
import { brokenPromises } from './broken-promises.ts';
import type { StepResult } from './measure-step.ts';

const promises = { first: 2, final: 1.2, unseenShare: 0.25 };
const good: StepResult = {
  speakers: 2,
  audioSeconds: 60,
  first: { p50: 0.5, p95: 1, p99: 2 },
  final: { p50: 0.5, p95: 1, p99: 2 },
  words: 100,
  unseen: 10,
  utterances: 10,
  lost: 0,
  doubled: 0,
  reconnects: 1,
  refused: 0,
  errors: [],
};

it('is content with a step in which everybody was heard in time, also over a lost connection', () => {
  expect(brokenPromises(good, promises)).toEqual([]);
});

it('names everything that a step did not keep', () => {
  const late = { p50: 3, p95: 4, p99: 5 };
  const bad = { first: late, final: late, unseen: 30, lost: 1, doubled: 2, refused: 3, errors: ['gone'] };
  expect(brokenPromises({ ...good, ...bad }, promises)).toEqual([
    'first text after 4.00 s, promised are 2 s',
    'final text after 4.00 s, promised are 1.2 s',
    '30 of 100 words not shown as they were said',
    '1 utterances lost',
    '2 segments doubled',
    '3 times refused',
    '1 did not come to their end: gone',
  ]);
});

it('does not take silence for speed', () => {
  const none = { p50: Number.NaN, p95: Number.NaN, p99: Number.NaN };
  expect(brokenPromises({ ...good, first: none, final: none, unseen: 100 }, promises)).toEqual([
    'no first text came',
    'no final text came',
    '100 of 100 words not shown as they were said',
  ]);
});
