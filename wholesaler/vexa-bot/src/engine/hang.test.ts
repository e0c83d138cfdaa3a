import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { PageLost } from './endings.ts';
import { untilItHangs } from './hang.ts';

const patience = { everyMs: 5, withinMs: 100 };

test('a page that answers, or is gone, does not hang; one that says nothing does', async () => {
  let asked = 0;
  const ask = () => {
    asked += 1;
    if (asked === 1) return Promise.resolve();
    return asked === 2 ? Promise.reject(new Error('Target closed')) : new Promise(() => {});
  };
  await expect(untilItHangs(ask, new AbortController().signal, patience)).rejects.toThrow(PageLost);
  expect(asked).toBe(3);
});

test('nobody asks any more once the meeting is over', async () => {
  const over = new AbortController();
  let asked = 0;
  const watching = untilItHangs(
    async () => {
      asked += 1;
      over.abort();
    },
    over.signal,
    patience,
  );
  expect(await Promise.race([watching, delay(150, 'nothing')])).toBe('nothing');
  expect(asked).toBe(1);
});
