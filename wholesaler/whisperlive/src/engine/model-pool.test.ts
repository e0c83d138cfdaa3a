import { expect, test } from 'vitest';
import { ModelPool, PoolFull } from './model-pool.ts';

const bytes: Record<string, number> = { 'tiny.en': 100, base: 200, small: 500 };

function startPool({ budgetBytes = 300, failOnce = false } = {}) {
  const log: string[] = [];
  let failures = failOnce ? 1 : 0;
  const pool = new ModelPool({
    names: Object.keys(bytes),
    budgetBytes,
    prepare: async (name) => ({
      bytes: bytes[name] ?? 0,
      load: async () => {
        if (failures > 0) {
          failures -= 1;
          throw new Error('broken');
        }
        log.push(`load ${name}`);
        return {
          name,
          async [Symbol.asyncDispose]() {
            log.push(`unload ${name}`);
          },
        };
      },
    }),
  });
  return { pool, log };
}

test('a model is loaded once, at its first use, by whichever of its names', async () => {
  const { pool, log } = startPool();
  const leases = await Promise.all([pool.acquire(), pool.acquire('whisper-1'), pool.acquire('openai/whisper-tiny.en')]);
  expect(leases.map(({ model }) => model.name)).toEqual(['tiny.en', 'tiny.en', 'tiny.en']);
  expect(log).toEqual(['load tiny.en']);
});

test('an idle model makes room for another, one in use never', async () => {
  const { pool, log } = startPool();
  using inUse = await pool.acquire('tiny.en');
  (await pool.acquire('base'))[Symbol.dispose]();
  await expect(pool.acquire('small')).rejects.toBeInstanceOf(PoolFull);
  expect(log).toEqual(['load tiny.en', 'load base', 'unload base']);
  expect(pool.loaded).toEqual(['tiny.en']);
  inUse[Symbol.dispose]();
  inUse[Symbol.dispose]();
  using _only = await pool.acquire('small');
  expect(pool.loaded).toEqual(['small']);
});

test('a model that is not offered is refused with those that are, and a guess at what was meant', () => {
  const { pool } = startPool();
  expect(() => pool.resolve('bas')).toThrow('Unknown model "bas"; available: tiny.en, base, small; did you mean base?');
  expect(() => pool.resolve('medium')).toThrow('available: tiny.en, base, small');
});

test('a model that failed to load is tried again at its next use', async () => {
  const { pool, log } = startPool({ failOnce: true });
  await expect(pool.acquire('base')).rejects.toThrow('broken');
  using lease = await pool.acquire('base');
  expect(lease.model.name).toBe('base');
  await pool[Symbol.asyncDispose]();
  expect(log).toEqual(['load base', 'unload base']);
});
