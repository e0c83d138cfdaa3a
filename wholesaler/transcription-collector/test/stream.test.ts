import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { streams } from '@vexa/shared/contracts/redis-names';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  askTranscript,
  consumed,
  drained,
  envOf,
  getTranscript,
  type Harness,
  newMeeting,
  type Running,
  said,
  send,
  sessionEnd,
  sessionStart,
  spoke,
  startCollector,
  startHarness,
  takeSilently,
  textsOf,
} from './harness.ts';

let harness: Harness;
let collector: Running;
const processes: Process[] = [];

beforeAll(async () => {
  harness = await startHarness();
});
beforeEach(async () => {
  await harness.redis.flushall();
  collector = await startCollector(harness, { MAX_DELIVERIES: '2' });
});
afterEach(async () => {
  for (const { child } of processes.splice(0)) child.kill('SIGKILL');
  await collector?.service[Symbol.asyncDispose]();
});
afterAll(async () => {
  await harness?.[Symbol.asyncDispose]();
});

async function deadLetters(): Promise<Record<string, string>[]> {
  const entries = await harness.redis.xrange(streams.segmentsDead, '-', '+');
  return entries.map(([, fields]) => {
    const pairs = (fields ?? []).flatMap((field, i, all) => (i % 2 === 0 ? [[field, all[i + 1] ?? '']] : []));
    return Object.fromEntries(pairs) as Record<string, string>;
  });
}

test('poison is put aside with its reason, and the messages around it are handled', async () => {
  const m = await newMeeting(harness);
  const other = await newMeeting(harness);
  const { token } = other;
  await harness.redis.xadd(streams.segments, '*', 'payload', '{not json');
  await harness.redis.xadd(streams.segments, '*', 'body', 'no payload');
  await send(
    harness.redis,
    sessionStart(m, 'good'),
    { ...said(m, 'good', { n: 1, start: 0, end: 1, text: 'forged words' }), token: `${m.token}x` },
    { ...said(m, 'good', { n: 2, start: 0, end: 1, text: 'x' }), segments: [{ segment_id: 'good:2', text: 'half' }] },
    { ...sessionStart(m, 'good'), token },
    said(m, 'good', { n: 3, start: 1, end: 2, text: 'kept' }),
    { ...said(m, 'other', { n: 9, start: 1, end: 2, text: 'hijack' }), uid: 'good' },
    ['a', 'list'],
    sessionEnd(m, 'good'),
  );
  await harness.redis.xadd(
    streams.speakerEvents,
    '*',
    'payload',
    JSON.stringify({ ...spoke(m, 'good', 'A', 'END', 1), v: 2 }),
  );
  await drained(collector.url, m);
  expect(await textsOf(collector.url, m)).toEqual(['kept']);
  const letters = await waitFor('eight dead letters', async () => {
    const all = await deadLetters();
    return all.length === 8 ? all : undefined;
  });
  const bySubject = letters.map(({ stream, reason, meeting_id, payload }) => [stream, reason, meeting_id, !!payload]);
  const [seg, ev] = [streams.segments, streams.speakerEvents];
  expect(bySubject).toEqual(
    expect.arrayContaining([
      [seg, 'the field payload is not JSON', undefined, false],
      [seg, 'the session token is missing, forged or expired', undefined, false],
      [seg, expect.stringContaining('bad shape: segments.0.start'), String(m.id), true],
      [seg, 'meeting_id: is not the meeting of the session token', String(other.id), true],
      [seg, 'segments: a segment_id does not begin with the uid of its session', String(m.id), true],
      [ev, expect.stringContaining('bad shape: v'), String(m.id), true],
    ]),
  );
  expect(JSON.stringify(letters)).not.toContain('forged words');
});

test('what a silent consumer took is taken over', async () => {
  const m = await newMeeting(harness);
  await consumed(harness.redis);
  await collector.service[Symbol.asyncDispose]();
  await send(harness.redis, sessionStart(m, 'taken'), said(m, 'taken', { n: 1, start: 0, end: 1, text: 'rescued' }));
  await takeSilently(harness.redis, 'silent');
  collector = await startCollector(harness);
  await waitFor('the rescued words', async () => (await textsOf(collector.url, m)).includes('rescued'));
});

test('what kills its consumer again and again is put aside', async () => {
  const m = await newMeeting(harness);
  await consumed(harness.redis);
  await collector.service[Symbol.asyncDispose]();
  const [id] = await send(harness.redis, said(m, 'killer', { n: 1, start: 0, end: 1, text: 'deadly' }));
  await takeSilently(harness.redis, 'one');
  for (const consumer of ['two', 'three'])
    await harness.redis.xclaim(streams.segments, streams.collectorGroup, consumer, 0, id!);
  collector = await startCollector(harness, { MAX_DELIVERIES: '3' });
  const [letter] = await waitFor('the dead letter', async () => {
    const all = await deadLetters();
    return all.length > 0 ? all : undefined;
  });
  expect(letter).toMatchObject({
    reason: 'delivered too often without an answer',
    deliveries: '4',
    meeting_id: `${m.id}`,
  });
  expect(letter?.payload).toContain('deadly');
  await consumed(harness.redis);
});

test('the group is made again when Redis was emptied', async () => {
  const m = await newMeeting(harness);
  await send(harness.redis, sessionStart(m, 'before'));
  await consumed(harness.redis);
  await harness.redis.flushall();
  await send(harness.redis, said(m, 'before', { n: 1, start: 0, end: 1, text: 'after all' }));
  await waitFor('the words', async () => (await textsOf(collector.url, m)).includes('after all'));
});

test('consumers that leave take nothing with them and do not stay in the group', async () => {
  const m = await newMeeting(harness);
  const joined = (count: number) =>
    waitFor(`${count} consumers`, async () => {
      await send(harness.redis, sessionStart(m, 'busy'));
      return (await consumers()).length === count;
    });
  await joined(1);
  const second = await startCollector(harness);
  await joined(2);
  await second.service[Symbol.asyncDispose]();
  expect(await consumers()).toHaveLength(1);
});

async function consumers(): Promise<unknown[]> {
  if ((await harness.redis.exists(streams.segments)) === 0) return [];
  return (await harness.redis.xinfo('CONSUMERS', streams.segments, streams.collectorGroup)) as unknown[];
}

test('nothing is lost while Redis is away, and readers are told to come back', async () => {
  await collector.service[Symbol.asyncDispose]();
  collector = await startCollector(harness, {}, { redis: { commandTimeoutMs: 1_000 } });
  const m = await newMeeting(harness);
  await send(harness.redis, sessionStart(m, 'r'), said(m, 'r', { n: 1, start: 0, end: 1, text: 'before' }));
  await consumed(harness.redis);
  await harness.server.kill();
  const refused = await askTranscript(collector.url, m);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
  await harness.server.start();
  await send(harness.redis, said(m, 'r', { n: 2, start: 1, end: 2, text: 'after' }), sessionEnd(m, 'r'));
  await drained(collector.url, m, { deadlineMs: 40_000 });
  expect(await textsOf(collector.url, m)).toEqual(['before', 'after']);
});

test('collectors killed at random lose and double nothing, and readers always see every word they saw before', async () => {
  await collector.service[Symbol.asyncDispose]();
  const m = await newMeeting(harness);
  processes.push(startProcess(harness), startProcess(harness));
  collector = await startCollector(harness, { IMMUTABILITY_THRESHOLD_SECONDS: '0' });
  const total = 120;
  const seen = new Set<string>();
  const look = async () => {
    const ids = (await getTranscript(collector.url, m)).segments.map(({ segment_id }) => segment_id);
    expect(new Set(ids).size).toBe(ids.length);
    const now = new Set(ids);
    for (const id of seen) expect(now.has(id), `${id} is still there`).toBe(true);
    for (const id of ids) seen.add(id);
  };
  await send(harness.redis, sessionStart(m, 'long'));
  for (let n = 0; n < total; n++) {
    const words = { n, start: n, end: n + 1, text: `word ${n}` };
    await send(harness.redis, said(m, 'long', { ...words, completed: false }), said(m, 'long', words));
    if (n % 20 === 0) await look();
    if (n % 40 === 20) {
      const oldest = processes.shift();
      await oldest?.started;
      oldest?.child.kill('SIGKILL');
      processes.push(startProcess(harness));
    }
  }
  await send(harness.redis, sessionEnd(m, 'long', total));
  expect(await drained(collector.url, m, { deadlineMs: 40_000 })).toMatchObject({ segment_count: total });
  await look();
  expect(await textsOf(collector.url, m)).toEqual(Array.from({ length: total }, (_, n) => `word ${n}`));
  for (const { child, started } of processes.splice(0)) {
    await started;
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  }
}, 60_000);

interface Process {
  child: ChildProcess;
  started: Promise<void>;
}

function startProcess({ databaseUrl, server }: Harness): Process {
  const entry = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const settings = { LOG_LEVEL: 'info', IMMUTABILITY_THRESHOLD_SECONDS: '0' };
  const env = { ...process.env, ...envOf({ databaseUrl, redisUrl: server.url }), ...settings };
  const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const started = new Promise<void>((resolve) => {
    child.stdout.on('data', (lines) => String(lines).includes('"started"') && resolve());
  });
  return { child, started };
}
