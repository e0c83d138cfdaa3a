import { expect, test } from 'vitest';
import { Batcher } from './batcher.ts';
import type { Generated } from './decode.ts';

const limits = { maxRows: 4, maxPositions: 2000, maxRatio: 1.6 };
const answer = (name: string): Generated => ({
  tokens: [name.length],
  sumLogprob: 0,
  noSpeechProbability: 0,
  seconds: 0,
});

function startBatcher() {
  const batches: string[][] = [];
  const batcher = new Batcher<string>(
    async (rows) => {
      batches.push([...rows]);
      return rows.map(answer);
    },
    { limits },
  );
  return { batcher, batches };
}

test('rows that wait together become one batch, and each gets its own answer', async () => {
  const { batcher, batches } = startBatcher();
  const rows = ['a', 'bb', 'ccc'].map((row) => batcher.generate({ row, size: 300 }));
  expect((await Promise.all(rows)).map(({ tokens }) => tokens)).toEqual([[1], [2], [3]]);
  expect(batches).toEqual([['a', 'bb', 'ccc']]);
});

test('a batch keeps to its bounds of rows, of positions, and of difference in size', async () => {
  const { batcher, batches } = startBatcher();
  const rows = (
    [
      ['a', 300],
      ['b', 300],
      ['long', 1000],
      ['c', 310],
      ['d', 320],
      ['e', 330],
      ['longer', 1100],
    ] as const
  ).map(([row, size]) => batcher.generate({ row, size }));
  await Promise.all(rows);
  expect(batches).toEqual([['a', 'b', 'c', 'd'], ['long'], ['e'], ['longer']]);
});

test('encoding goes before generating, one call at a time', async () => {
  const { batcher, batches } = startBatcher();
  let running = 0;
  const encode = async (): Promise<void> => {
    running += 1;
    expect(running).toBe(1);
    expect(batches).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  };
  await Promise.all([batcher.generate({ row: 'a', size: 1 }), batcher.alone(encode), batcher.alone(encode)]);
  expect(batches).toEqual([['a']]);
});

test('a batch that fails rejects its rows, and the next one runs', async () => {
  let calls = 0;
  const batcher = new Batcher<string>(async (rows) => {
    calls += 1;
    if (calls === 1) throw new Error('out of memory');
    return rows.map(answer);
  });
  await expect(batcher.generate({ row: 'a', size: 1 })).rejects.toThrow('out of memory');
  await expect(batcher.generate({ row: 'b', size: 1 })).resolves.toEqual(answer('b'));
});
