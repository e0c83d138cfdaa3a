import { expect, test } from 'vitest';
import { type Authenticated, KeyCache } from './key-cache.ts';

const somebody = (user_id: number): Authenticated => ({
  identity: { user_id, email: 'a@example.com', scopes: ['*'], max_concurrent_bots: 1, plan: null },
});

/** A cache whose clock and look-ups the test holds in its hand. */
function setUp(options: { maxKeys?: number } = {}) {
  const asked: string[] = [];
  const state = { now: 0, answer: async (_key: string): Promise<Authenticated | undefined> => somebody(1) };
  const cache = new KeyCache({
    ...options,
    now: () => state.now,
    lookUp: (key) => {
      asked.push(key);
      return state.answer(key);
    },
  });
  return { cache, asked, state };
}

test('a known key is looked up once in 30 s', async () => {
  const { cache, asked, state } = setUp();
  await cache.authenticate('a');
  state.now = 29_999;
  expect((await cache.authenticate('a'))?.identity.user_id).toBe(1);
  expect(asked).toHaveLength(1);
  state.now = 30_000;
  await cache.authenticate('a');
  expect(asked).toHaveLength(2);
});

test('many who ask at once cause one look-up, and a failed one is not remembered', async () => {
  const { cache, asked, state } = setUp();
  await Promise.all(Array.from({ length: 50 }, () => cache.authenticate('a')));
  expect(asked).toEqual(['a']);
  state.answer = () => Promise.reject(new Error('away'));
  await expect(cache.authenticate('b')).rejects.toThrow('away');
  state.answer = async () => somebody(2);
  expect((await cache.authenticate('b'))?.identity.user_id).toBe(2);
});

test('an unknown key is asked for every time, so that a new one works at once', async () => {
  const { cache, state } = setUp();
  state.answer = async () => undefined;
  expect(await cache.authenticate('new')).toBeUndefined();
  state.answer = async () => somebody(3);
  expect(await cache.authenticate('new')).toBeDefined();
});

test('forgetting a user leaves the others', async () => {
  const { cache, asked, state } = setUp();
  state.answer = async (key) => somebody(key === 'a' ? 1 : 2);
  await cache.authenticate('a');
  await cache.authenticate('b');
  cache.forgetUser(1);
  await cache.authenticate('b');
  await cache.authenticate('a');
  expect(asked).toEqual(['a', 'b', 'a']);
});

test('an answer asked for before a change is not remembered after it', async () => {
  const { cache, asked, state } = setUp();
  const late = Promise.withResolvers<Authenticated | undefined>();
  state.answer = () => late.promise;
  const before = cache.authenticate('a');
  cache.forgetUser(1);
  state.answer = async () => undefined;
  expect(await cache.authenticate('a')).toBeUndefined();
  late.resolve(somebody(1));
  await before;
  expect(await cache.authenticate('a')).toBeUndefined();
  expect(asked).toHaveLength(3);
});

test('no more keys are remembered than the bound', async () => {
  const { cache, asked } = setUp({ maxKeys: 2 });
  for (const key of ['a', 'b', 'c', 'c', 'b', 'a']) await cache.authenticate(key);
  expect(asked).toEqual(['a', 'b', 'c', 'a']);
});
