import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect, it } from 'vitest';
import { readProcesses } from '../src/runners/process-table.ts';
import { pidOf, useProcesses } from './process-bots.ts';
import { describeManager, describeRunner, specOf } from './runner-contract.ts';

const processes = useProcesses();

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
