import { describe, expect, it } from 'vitest';
import { parsePsLine, readProcess, readProcesses, withDescendants } from './process-table.ts';

describe('the process table', () => {
  it('has this process, the same however it is asked', async () => {
    const own = await readProcess(process.pid);
    expect(own).toMatchObject({ pid: process.pid, parent: process.ppid });
    expect((await readProcesses()).find(({ pid }) => pid === process.pid)).toEqual(own);
    expect(await readProcess(2 ** 22 + 1)).toBeUndefined();
  });

  it('reads what ps prints where there is no /proc', () => {
    expect(parsePsLine('  123     1 Ss   Mon Aug  3 10:00:00 2026 node main.ts vexa-bot-1-00000001')).toEqual({
      pid: 123,
      parent: 1,
      startedAt: 'Mon-Aug-3-10:00:00-2026',
      args: ['node', 'main.ts', 'vexa-bot-1-00000001'],
    });
    expect(parsePsLine('124 1 Z+ Mon Aug  3 10:00:00 2026 (node)')).toBeUndefined();
    expect(parsePsLine('')).toBeUndefined();
  });

  it('finds children of children', () => {
    const row = (pid: number, parent: number) => ({ pid, parent, startedAt: '', args: [] });
    const rows = [row(1, 0), row(2, 1), row(3, 2), row(4, 1), row(5, 9)];
    expect(withDescendants(rows, 2).map(({ pid }) => pid)).toEqual([2, 3]);
    expect(withDescendants(rows, 7)).toEqual([]);
  });
});
