import { canTransition, isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import type { StatusTransition } from '@vexa/shared/db/tables/meetings';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { useStores } from '../fixture.ts';
import { type Report, World } from './world.ts';

const stores = useStores();
const rooms = ['red', 'blue'] as const;

const room = fc.constantFrom(...rooms);
const report = fc.oneof<fc.Arbitrary<Report>[]>(
  fc
    .constantFrom('joining', 'awaiting_admission', 'needs_human_help', 'active', 'active', 'heartbeat')
    .map((status) => ({ status }) as Report),
  fc
    .constantFrom('meeting_ended', 'left_alone', 'stopped', 'max_bot_time_exceeded', undefined)
    .map((completion_reason): Report => ({ status: 'completed', exit_code: 0, completion_reason })),
  fc
    .constantFrom('join_failure', 'awaiting_admission_rejected', 'evicted', 'bot_crashed', undefined)
    .map((completion_reason): Report => ({ status: 'failed', exit_code: 1, completion_reason })),
);
/** Which of the bots sent so far; mostly one of the last. */
const which = fc.nat(3);

type Action = (world: World) => Promise<unknown> | undefined;
const named = (name: string, act: Action): Action => Object.assign(act, { toString: () => name });
const botOf = (world: World, back: number) => world.bots.at(-1 - back);

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 3, arbitrary: room.map((r) => named(`start ${r}`, (w) => w.start(r))) },
  { weight: 2, arbitrary: room.map((r) => named(`stop ${r}`, (w) => w.stop(r))) },
  {
    weight: 9,
    arbitrary: fc.tuple(which, report).map(([back, said]) =>
      named(`bot -${back} says ${JSON.stringify(said)}`, async (w) => {
        const bot = botOf(w, back);
        if (bot) await w.report(bot, said);
      }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(which, fc.constantFrom(0, 1, 2, null)).map(([back, code]) =>
      named(`bot -${back} exits ${code}`, async (w) => {
        const bot = botOf(w, back);
        if (bot) await w.exit(bot, code);
      }),
    ),
  },
  { weight: 5, arbitrary: fc.constant(named('look', (w) => w.tick())) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(1_000, 16_000, 36_000, 61_000, 181_000, 601_000, 15_000_000)
      .map((ms) => named(`${ms} ms pass`, async (w) => w.wait(ms))),
  },
  {
    weight: 4,
    arbitrary: fc.nat(30).map((steps) => named(`the manager dies in ${steps} steps`, async (w) => w.killAfter(steps))),
  },
  { weight: 1, arbitrary: fc.boolean().map((on) => named(`starts fail: ${on}`, async (w) => w.refuseStarts(on))) },
  {
    weight: 1,
    arbitrary: fc.boolean().map((on) =>
      named(`the collector has everything: ${on}`, async (w) => {
        w.drained = on;
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(room, fc.constantFrom('tick', 'stop'), which, report).map(([r, rivals, back, said]) =>
      named(`two managers at once: look and ${rivals} ${r}, while bot -${back} says ${said.status}`, async (w) => {
        const bot = botOf(w, back);
        await Promise.all([w.tick(), w.rival(rivals as 'tick' | 'stop', r), bot && w.report(bot, said)]);
      }),
    ),
  },
);

let worlds = 0;

test('whatever happens to bots and managers, each meeting ends once, legally, and is told once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 3, maxLength: 30 }), async (actions) => {
      const world = await World.create(stores, `world-${++worlds}@example.com`);
      await world.start('red');
      for (const act of actions) await act(world);
      await world.settle();
      await checkEnd(world);
    }),
    { numRuns: 40, endOnFailure: false, interruptAfterTimeLimit: 45_000 },
  );
}, 120_000);

async function checkEnd(world: World): Promise<void> {
  const { meetings, runs, events, running } = await world.look();
  for (const meeting of meetings) {
    const history = meeting.data.status_transition ?? [];
    expect(isTerminal(meeting.status), `meeting ${meeting.id} is ${meeting.status}`).toBe(true);
    expect(history.at(-1)?.to).toBe(meeting.status);
    checkHistory(history);
    expect(meeting.completion_reason).not.toBeNull();
    expect(meeting.failure_stage !== null).toBe(meeting.status === 'failed');
    expect(meeting.end_time).not.toBeNull();
    const told = events.filter(({ type, data }) => type === 'meeting.finished' && data.meeting_id === meeting.id);
    expect(told).toHaveLength(1);
    expect(told[0]!.data).toMatchObject({ status: meeting.status, completion_reason: meeting.completion_reason });
    expect(runs.filter(({ meeting_id }) => meeting_id === meeting.id).length).toBeLessThanOrEqual(2);
    const stops = history.filter(({ source, to }) => source === 'user' && to === 'stopping');
    if (stops.length > 0) expect(history.at(-2)).toEqual(stops[0]);
  }
  expect(runs.filter(({ ended_at }) => ended_at === null)).toEqual([]);
  expect(running).toEqual([]);
}

function checkHistory(history: StatusTransition[]): void {
  for (const [index, { from, to }] of history.entries()) {
    expect(from).toBe(history[index - 1]?.to ?? null);
    // A bot that is replaced leaves the status as it is.
    const replaced = from === to && (from === 'active' || from === 'requested');
    if (from !== null && !replaced) expect(canTransition(from, to), `${from} to ${to}`).toBe(true);
  }
  expect(history.filter(({ to }) => isTerminal(to))).toHaveLength(1);
}
