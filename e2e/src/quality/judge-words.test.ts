import { expect, test } from 'vitest';
import { compareWays, judgeWords, wordErrors } from './judge-words.ts';

const said = ['Is the penguin here?', 'Yes, it came.'];

test('each turn has its own errors, shown where they are', () => {
  const turns = judgeWords(said, ['is a penguin here so yes', 'it']);
  expect(turns).toEqual([
    { words: 4, errors: 2, marked: 'is [the→a] penguin here [→so]' },
    { words: 3, errors: 1, marked: 'yes it [came→]' },
  ]);
  expect(wordErrors(turns)).toBeCloseTo(3 / 7);
  expect(wordErrors(judgeWords(said, []))).toBe(1);
});

test('what two ways get wrong alike is no difference between them', () => {
  const direct = judgeWords(said, ['is a penguin here', 'yes it came']);
  expect(compareWays(direct, direct)).toEqual({ more: 0, give: 0 });
  const worse = compareWays(judgeWords(said, ['is a penguin here', 'yes it']), direct);
  expect(worse.more).toBeCloseTo(1 / 7);
  expect(worse.give).toBeGreaterThan(1 / 7);
});
