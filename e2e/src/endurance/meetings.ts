import { setTimeout as sleep } from 'node:timers/promises';
import type { Meeting } from '@vexa/shared/contracts/meeting';
import type { Answer, ApiClient } from '@vexa/shared/testing/api-client';
import { waitFor } from '@vexa/shared/testing/wait-for';
import type { Stack } from '../stack/stack.ts';

const patient = { deadlineMs: 120_000, everyMs: 200 };
const stopReasons = ['stopped', 'stopped_before_admission'];

/** One meeting from its start to its end, as a user makes it. */
export async function startAndStop(client: ApiClient, room: string): Promise<void> {
  const { status } = await client.startBot(room);
  if (status !== 201) throw new Error(`${room}: the start was answered ${status}`);
  await reach(client, room, (meeting) => meeting.status === 'active');
  await client.stopBot(room);
  await stoppedWell(client, room);
}

/** A number from 0 to 1, the same ones for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A meeting during which bot-manager is killed with `kill -9` at a random moment, and sometimes once more while it starts
 * again. Resolves with where that was, once the meeting has ended as if nothing had happened.
 */
export async function startKillStop(
  stack: Stack,
  client: ApiClient,
  { room, random }: { room: string; random: () => number },
): Promise<string> {
  const manager = stack.service('bot-manager');
  const ask = (work: Promise<Answer<unknown>>) => work.catch(() => undefined);
  const whileStopping = random() < 0.4;
  let asked: Promise<unknown> = ask(client.startBot(room));
  if (whileStopping) {
    await reach(client, room, (meeting) => meeting.status === 'active');
    asked = ask(client.stopBot(room));
  }
  const afterMs = Math.round(random() * (whileStopping ? 2_500 : 6_000));
  await sleep(afterMs);
  await manager.kill();
  const again = random() < 0.3 ? Math.round(random() * 2_000) : undefined;
  if (again !== undefined) {
    const starting = manager.start().catch(() => undefined); // killed before it was ready
    await sleep(again);
    await manager.kill();
    await starting;
  }
  await manager.start();
  await asked;
  const made = await answered(() => client.meeting(room), [200, 404]);
  if (made === 404) await answered(() => client.startBot(room), [201]);
  await answered(() => client.stopBot(room), [200, 202]);
  await stoppedWell(client, room);
  const moment = `${afterMs} ms after the ${whileStopping ? 'stop' : 'start'}`;
  return again === undefined ? moment : `${moment}, and again ${again} ms into its start`;
}

async function stoppedWell(client: ApiClient, room: string): Promise<void> {
  const { status, completion_reason } = await reach(
    client,
    room,
    (meeting) => meeting.status === 'completed' || meeting.status === 'failed',
  );
  if (status !== 'completed' || !stopReasons.includes(completion_reason ?? '')) {
    throw new Error(`${room} ended ${status}, ${completion_reason}`);
  }
}

const reach = (client: ApiClient, room: string, fits: (meeting: Meeting) => boolean): Promise<Meeting> =>
  waitFor(
    `the meeting ${room}`,
    async () => {
      const answer = await client.meeting(room).catch(() => undefined); // bot-manager may be away
      return answer?.status === 200 && fits(answer.body) ? answer.body : undefined;
    },
    patient,
  );

/** Repeats until the answer's status is one of these: bot-manager may be away. */
const answered = (ask: () => Promise<Answer<unknown>>, statuses: number[]): Promise<number> =>
  waitFor(
    `an answer of ${statuses}`,
    async () => {
      const status = (await ask().catch(() => undefined))?.status;
      return status !== undefined && statuses.includes(status) ? status : undefined;
    },
    patient,
  );
