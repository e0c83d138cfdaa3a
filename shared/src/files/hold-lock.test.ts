import { existsSync } from 'node:fs';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdLock, LockedError } from './hold-lock.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vexa-lock-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('only one holds the lock; the next gets it when the first lets go', async () => {
  const path = join(dir, 'lock');
  const order: string[] = [];
  const first = await holdLock(path);
  const second = holdLock(path).then((lock) => {
    order.push('second');
    return lock;
  });
  order.push('first ends');
  await first[Symbol.asyncDispose]();
  await using _held = await second;
  expect(order).toEqual(['first ends', 'second']);
});

test('the lock of a process that died is taken over', async () => {
  const path = join(dir, 'lock');
  await writeFile(path, '');
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(path, longAgo, longAgo);
  const lock = await holdLock(path);
  expect(existsSync(path)).toBe(true);
  await lock[Symbol.asyncDispose]();
  expect(existsSync(path)).toBe(false);
});

test('who does not wait is told that somebody holds the lock', async () => {
  const path = join(dir, 'lock');
  await using _held = await holdLock(path);
  await expect(holdLock(path, { waitMs: 0 })).rejects.toThrow(LockedError);
});
