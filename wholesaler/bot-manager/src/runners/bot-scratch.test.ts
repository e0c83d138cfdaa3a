import { existsSync } from 'node:fs';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepBotScratch } from './bot-scratch.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vexa-scratch-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('goes with its bot; what killed ones left goes too, but not what is of a bot that runs or begins', async () => {
  const root = join(folder, 'bots');
  {
    await using scratch = keepBotScratch(root);
    await scratch.sweep(new Set());
    const [ended, killed, running, young] = await Promise.all(
      ['ended', 'killed', 'running', 'young'].map(scratch.make),
    );
    await writeFile(join(ended!, 'file'), '');
    await scratch.remove('ended');
    await scratch.remove('ended');
    const anHourAgo = new Date(Date.now() - 3_600_000);
    for (const path of [killed!, running!]) await utimes(path, anHourAgo, anHourAgo);
    await scratch.sweep(new Set(['running']));
    expect([ended, killed, running, young].map((path) => existsSync(path!))).toEqual([false, false, true, true]);
    await scratch.remove('running');
    await scratch.remove('young');
  }
  expect(existsSync(root)).toBe(false);
});
