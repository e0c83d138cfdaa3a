import { expect, test } from 'vitest';
import { Shares, type Who } from './shares.ts';

/** A window of a minute that several gateways share, with a clock the test holds in its hand. */
function setUp(limit: number) {
  const state = { now: 0, used: new Map<string, number>(), asked: 0 };
  const take = async (userId: Who, points: number) => {
    state.asked += 1;
    const window = `${userId}:${Math.floor(state.now / 60_000)}`;
    const used = (state.used.get(window) ?? 0) + points;
    state.used.set(window, used);
    await Promise.resolve();
    return {
      allowed: used <= limit,
      remaining: Math.max(0, limit - used),
      msUntilReset: 60_000 - (state.now % 60_000),
    };
  };
  const gateway = () => new Shares({ limit, take, now: () => state.now });
  return { state, gateway };
}

const countMany = async (shares: Shares, times: number, userId = 1) =>
  (await Promise.all(Array.from({ length: times }, () => shares.count(userId)))).filter(({ allowed }) => allowed)
    .length;

test('a small limit is exact, over several gateways and at once', async () => {
  const { gateway } = setUp(10);
  const [one, two] = [gateway(), gateway()];
  const allowed = await Promise.all([countMany(one, 20), countMany(two, 20)]);
  expect(allowed[0]! + allowed[1]!).toBe(10);
});

test('of a large limit a share is taken at once, and what is told adds up', async () => {
  const { state, gateway } = setUp(1_000);
  const shares = gateway();
  expect(await shares.count(1)).toEqual({ allowed: true, limit: 1_000, remaining: 999, resetSeconds: 60 });
  expect(await countMany(shares, 99)).toBe(99);
  expect(state.asked).toBe(10);
  expect(await shares.count(1)).toMatchObject({ remaining: 899 });
  expect(await countMany(shares, 2_000)).toBe(899);
  expect(await shares.count(1)).toEqual({ allowed: false, limit: 1_000, remaining: 0, resetSeconds: 60 });
});

test('who is over the limit costs the store nothing until their window ends, and then starts anew', async () => {
  const { state, gateway } = setUp(5);
  const shares = gateway();
  await countMany(shares, 6);
  const asked = state.asked;
  expect(await countMany(shares, 100)).toBe(0);
  expect(state.asked).toBe(asked);
  state.now = 60_000;
  expect(await countMany(shares, 6)).toBe(5);
});

test('a share is not carried into the next window', async () => {
  const { state, gateway } = setUp(1_000);
  const shares = gateway();
  await shares.count(1);
  state.now = 61_000;
  expect(await countMany(shares, 2_000)).toBe(1_000);
});

test('users are counted apart', async () => {
  const { gateway } = setUp(5);
  const shares = gateway();
  expect(await countMany(shares, 9, 1)).toBe(5);
  expect(await countMany(shares, 9, 2)).toBe(5);
});

test('a store that fails is told to whoever asks, and asked again by the next', async () => {
  let failing = true;
  const take = async () => {
    if (failing) throw new Error('away');
    return { allowed: true, remaining: 4, msUntilReset: 60_000 };
  };
  const shares = new Shares({ limit: 5, take });
  await expect(shares.count(1)).rejects.toThrow('away');
  failing = false;
  expect((await shares.count(1)).allowed).toBe(true);
});
