import { expect, it } from 'vitest';
import type { StepResult } from '../src/measure-step.ts';
import { runStep } from '../src/run-step.ts';
import { startFleet } from './support/fleet.ts';

it('loses and doubles no segment when three replicas behind nginx are replaced one after the other', {
  timeout: 900_000,
}, async () => {
  await using fleet = await startFleet({ DRAIN_SECONDS: '10' });
  let rolling = true;
  const roll = async () => {
    for (const replica of fleet.replicas) {
      expect(await replica.end('SIGTERM')).toBe(0);
      await replica.start();
    }
  };
  const rolled = roll().finally(() => {
    rolling = false;
  });
  const steps: StepResult[] = [];
  // However long the machine takes to load models, people talk meanwhile.
  while (rolling) steps.push(await runStep(fleet.target, { speakers: 4, seconds: 60, voices: fleet.voices }));
  await rolled;
  for (const step of steps) {
    console.log(JSON.stringify(step));
    expect(step).toMatchObject({ speakers: 4, lost: 0, doubled: 0, errors: [] });
  }
  expect(steps.reduce((sum, { reconnects }) => sum + reconnects, 0)).toBeGreaterThanOrEqual(fleet.replicas.length);
});
