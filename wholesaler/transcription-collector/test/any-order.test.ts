import type { Transcript } from '@vexa/shared/contracts/transcript';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSegmentFilter } from '../src/filters/segment-filter.ts';
import { drainMeeting } from '../src/meetings/drain-meeting.ts';
import { handleSegmentMessages } from '../src/messages/handle-segment-messages.ts';
import { handleSpeakerEvents } from '../src/messages/handle-speaker-events.ts';
import { createTokenVerifier } from '../src/messages/token-verifier.ts';
import { flushMeeting } from '../src/segments/flush-meeting.ts';
import { SessionCache } from '../src/sessions/session-cache.ts';
import { readSegments } from '../src/transcripts/read-segments.ts';
import {
  type Harness,
  logger,
  newMeeting,
  said,
  secrets,
  sessionEnd,
  sessionStart,
  spoke,
  startAt,
  startHarness,
  type TestMeeting,
} from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => {
  await harness?.[Symbol.asyncDispose]();
});

/** A meeting with everything that can happen: revisions, a broken connection, mixed audio, noise, an unfinished draft. */
function story(m: TestMeeting): { segments: object[]; events: object[] } {
  return {
    segments: [
      sessionStart(m, 'ann', { speaker: 'Ann' }),
      sessionStart(m, 'mix', { atSeconds: 2 }),
      said(m, 'ann', { n: 1, start: 0, end: 1, text: 'so', completed: false }),
      said(m, 'ann', { n: 1, start: 0, end: 2, text: 'so we', completed: false }),
      said(m, 'ann', { n: 1, start: 0, end: 3, text: 'So we begin.' }),
      said(m, 'mix', { n: 1, start: 1, end: 2, text: 'yes', completed: false }),
      said(m, 'mix', { n: 1, start: 1, end: 2.5, text: 'Yes, please.' }, { n: 2, start: 3, end: 4, text: '[MUSIC]' }),
      said(m, 'ann', { n: 2, start: 4, end: 6, text: 'The plan is old.' }),
      said(m, 'ann', { n: 2, start: 4, end: 6, text: 'The plan is ours.' }),
      said(m, 'ann', { n: 3, start: 7, end: 9, text: 'Half of this' }),
      said(m, 'ann', { n: 4, start: 9, end: 10, text: 'and', completed: false }),
      sessionStart(m, 'ann2', { atSeconds: 7, speaker: 'Ann', resumes: { uid: 'ann', from_seconds: 7 } }),
      said(m, 'ann2', { n: 1, start: 0, end: 4, text: 'Half of this is said again.' }),
      sessionStart(m, 'ann3', { atSeconds: 12, speaker: 'Ann', resumes: { uid: 'ann2', from_seconds: 5 } }),
      said(m, 'ann2', { n: 2, start: 5, end: 6, text: 'Void.' }),
      said(m, 'ann3', { n: 1, start: 0, end: 2, text: 'Third connection.', speaker: 'Ann B.' }),
      said(m, 'ann3', { n: 2, start: 3, end: 4, text: 'unfinished but heard', completed: false }),
      said(m, 'mix', { n: 3, start: 6, end: 9, text: 'Thank you.' }),
      said(m, 'mix', { n: 5, start: 3.5, end: 5.9, text: 'I am done. My turn.', words: handedOver }),
      said(m, 'mix', { n: 4, start: 10, end: 11, text: 'A final that is corrected to' }),
      said(m, 'mix', { n: 4, start: 10, end: 11, text: '[NOISE]' }),
      sessionEnd(m, 'ann3', 30),
      sessionEnd(m, 'mix', 31),
    ],
    events: [
      spoke(m, 'mix', 'Bob', 'START', 0.5),
      spoke(m, 'mix', 'Bob', 'END', 4),
      spoke(m, 'mix', 'Cleo', 'START', 5),
    ],
  };
}

/** Bob's last words and Cleo's first ones. */
const handedOver = [
  { text: 'I', start: 3.5, end: 3.6 },
  { text: ' am', start: 3.6, end: 3.8 },
  { text: ' done.', start: 3.8, end: 4.2 },
  { text: ' My', start: 5.1, end: 5.4 },
  { text: ' turn.', start: 5.4, end: 5.9 },
];

const expected = [
  ['Ann', 'So we begin.', 0],
  ['Bob', 'Yes, please.', 3],
  ['Ann', 'The plan is ours.', 4],
  ['Bob', 'I am done.', 5.5],
  ['Ann', 'Half of this is said again.', 7],
  ['Cleo', 'My turn.', 7.1],
  ['Cleo', 'Thank you.', 8],
  ['Ann B.', 'Third connection.', 12],
  ['Ann', 'unfinished but heard', 15],
];

const depsWith = (redis: Redis) => {
  const { db } = harness.connection;
  return {
    db,
    redis,
    logger,
    sessions: new SessionCache(db),
    isWorthKeeping: createSegmentFilter(),
    thresholdMs: 0,
    tokens: createTokenVerifier(secrets.session),
    onSessionEnded: () => {},
  };
};

interface Delivery {
  stream: 'segments' | 'events';
  id: string;
  payload: string;
}

const deliveriesOf = (m: TestMeeting): Delivery[] => {
  const { segments, events } = story(m);
  const deliver = (stream: Delivery['stream']) => (message: object, i: number) => ({
    stream,
    id: `${startAt + i * 100}-0`,
    payload: JSON.stringify(message),
  });
  return [...segments.map(deliver('segments')), ...events.map(deliver('events'))];
};

async function deliver(redis: Redis, { stream, id, payload }: Delivery): Promise<void> {
  const handle = stream === 'segments' ? handleSegmentMessages : handleSpeakerEvents;
  expect(await handle(depsWith(redis), [{ id, payload }])).toEqual([{ status: 'done' }]);
}

async function finish(m: TestMeeting): Promise<Transcript['segments']> {
  const deps = depsWith(harness.redis);
  const reply = await drainMeeting(deps, m.id, false);
  const { segments } = await readSegments(deps, m.id);
  expect(reply).toMatchObject({ drained: true, open_sessions: [], segment_count: segments.length });
  return segments;
}

const summary = (segments: Transcript['segments']) =>
  segments.map(({ speaker, text, start }) => [speaker, text, start]);

test('messages in their order give the transcript', async () => {
  const m = await newMeeting(harness);
  for (const delivery of deliveriesOf(m)) await deliver(harness.redis, delivery);
  expect(summary(await finish(m))).toEqual(expected);
});

describe('whatever order messages come in, however often, and whenever they are flushed', () => {
  test.each(seeds(20))('the transcript is the same (seed %i)', async (seed) => {
    const random = seeded(seed);
    const m = await newMeeting(harness);
    const once = deliveriesOf(m);
    for (const delivery of shuffled([...once, ...once.filter(() => random() < 0.5)], random)) {
      await deliver(harness.redis, delivery);
      if (random() < 0.3) await flushMeeting(depsWith(harness.redis), m.id);
    }
    expect(summary(await finish(m))).toEqual(expected);
  });
});

describe('wherever a collector dies', () => {
  test.each(seeds(20, 100))(
    'nothing is lost or doubled once the message is delivered again (seed %i)',
    async (seed) => {
      const random = seeded(seed);
      const m = await newMeeting(harness);
      let deaths = 0;
      const survive = async (work: (redis: Redis) => Promise<unknown>) => {
        if (random() < 0.6) {
          const dying = dyingRedis(harness.redis, { after: Math.floor(random() * 5), answered: random() < 0.5 });
          deaths += await work(dying).then(
            () => 0,
            (error: unknown) => (String(error).includes('killed') ? 1 : Promise.reject(error)),
          );
        }
        await work(harness.redis);
      };
      for (const delivery of shuffled(deliveriesOf(m), random)) {
        await survive((redis) => deliver(redis, delivery));
        if (random() < 0.5) await survive((redis) => flushMeeting(depsWith(redis), m.id));
        const ids = (await readSegments(depsWith(harness.redis), m.id)).segments.map(({ segment_id }) => segment_id);
        expect(new Set(ids).size).toBe(ids.length);
      }
      await survive((redis) => drainMeeting(depsWith(redis), m.id, false));
      expect(summary(await finish(m))).toEqual(expected);
      expect(deaths).toBeGreaterThan(0);
    },
  );
});

test('several collectors at once give the same as one', async () => {
  const random = seeded(7);
  const m = await newMeeting(harness);
  const once = deliveriesOf(m);
  const all = shuffled([...once, ...once, ...once], random);
  const worker = async (mine: Delivery[]) => {
    for (const delivery of mine) {
      await deliver(harness.redis, delivery);
      await flushMeeting(depsWith(harness.redis), m.id);
    }
  };
  await Promise.all([0, 1, 2].map((n) => worker(all.filter((_, i) => i % 3 === n))));
  expect(summary(await finish(m))).toEqual(expected);
});

/** A Redis whose user is gone after some commands: the next one either never starts or is never answered. */
function dyingRedis(redis: Redis, { after, answered }: { after: number; answered: boolean }): Redis {
  let left = after;
  return new Proxy(redis, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        left--;
        if (left === -1 && answered) await value.apply(target, args);
        if (left < 0) throw new Error('killed');
        return value.apply(target, args);
      };
    },
  });
}

function seeds(count: number, from = 1): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

function shuffled<T>(items: T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Mulberry32: numbers in [0, 1) that a failing seed brings back. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
