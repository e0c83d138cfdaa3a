import { expect, it } from 'vitest';
import { runStep } from '../src/run-step.ts';
import { startFleet } from './support/fleet.ts';

it('loses and doubles no segment when one of three replicas behind nginx is killed', { timeout: 700_000 }, async () => {
  await using fleet = await startFleet();
  const [first] = fleet.replicas;
  let ended: Promise<unknown> | undefined;
  const kill = setTimeout(() => {
    ended = first?.end('SIGKILL');
  }, 8_000);
  const step = await runStep(fleet.target, { speakers: 3, seconds: 20, voices: fleet.voices });
  clearTimeout(kill);
  console.log(JSON.stringify(step));
  expect(await ended).toBe('SIGKILL');
  expect(step).toMatchObject({ speakers: 3, lost: 0, doubled: 0, refused: 0, errors: [] });
  expect(step.reconnects).toBeGreaterThanOrEqual(1);
});
