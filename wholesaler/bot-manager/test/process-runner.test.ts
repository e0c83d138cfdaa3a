import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createProcessRunner } from '../src/runners/process-runner.ts';
import { readProcesses } from '../src/runners/process-table.ts';
import { describeEndings } from './endings-contract.ts';
import { describeManagers } from './managers-contract.ts';
import { describeManager, describeRunner, type RunnerKind, specOf } from './runner-contract.ts';

const entry = fileURLToPath(new URL('./scripted-bot.ts', import.meta.url));
let logDir: string;
beforeAll(async () => {
  logDir = await mkdtemp(join(tmpdir(), 'vexa-bot-logs-'));
});
afterAll(() => rm(logDir, { recursive: true }));

const pidOf = (id: string) => Number(id.split(':')[0]);
const processes: RunnerKind = {
  name: 'process',
  create: (owner) => createProcessRunner({ entry, env: { PATH: process.env.PATH ?? '' }, logDir, owner }),
  env: () => ({ BOT_ENTRY: entry, BOT_LOG_DIR: logDir }),
  bots: async () => (await readProcesses()).flatMap(({ pid, args }) => (args.includes(entry) ? [String(pid)] : [])),
  kill: async (id) => void process.kill(pidOf(id), 'SIGKILL'),
};

describeRunner(processes);

it('does not take a later process with the same pid for the bot', async () => {
  await using runner = processes.create('later');
  const bot = await runner.start(specOf('good'));
  await runner.stop(`${pidOf(bot.id)}:1`, { graceMs: 0 });
  expect(await runner.find(bot.name)).toEqual(bot);
  await runner.stop(bot.id, { graceMs: 0 });
});

it('ends a bot with what it started', async () => {
  await using runner = processes.create('family');
  const parent = await runner.start(specOf('with-child'));
  const pid = pidOf(parent.id);
  const child = await waitFor('its child', async () => (await readProcesses()).find((row) => row.parent === pid));
  await runner.stop(parent.id, { graceMs: 0 });
  await waitFor('the child to end', async () => !(await readProcesses()).some((row) => row.pid === child.pid));
});

describeManager(processes);

describeEndings(processes);

describeManagers(processes);
