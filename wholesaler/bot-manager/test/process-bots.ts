import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createProcessRunner } from '../src/runners/process-runner.ts';
import { readProcesses } from '../src/runners/process-table.ts';
import type { RunnerKind } from './runner-contract.ts';

export const pidOf = (id: string): number => Number(id.split(':')[0]);

/** Bots as processes, for one test file: those of others, and of other checkouts, are not counted among them. */
export function useProcesses(): RunnerKind {
  const dir = mkdtempSync(join(tmpdir(), 'vexa-bot-logs-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  // Bots are told apart by the file they run.
  const entry = join(dir, 'scripted-bot.mjs');
  writeFileSync(entry, `await import(${JSON.stringify(new URL('./scripted-bot.ts', import.meta.url).href)});`);
  return {
    name: 'process',
    create: (owner) => createProcessRunner({ entry, env: { PATH: process.env.PATH ?? '' }, logDir: dir, owner }),
    env: () => ({ BOT_ENTRY: entry, BOT_LOG_DIR: dir }),
    bots: async () => (await readProcesses()).flatMap(({ pid, args }) => (args.includes(entry) ? [String(pid)] : [])),
    kill: async (id) => void process.kill(pidOf(id), 'SIGKILL'),
  };
}
