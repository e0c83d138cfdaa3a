import { once } from 'node:events';
import { connect } from 'node:net';
import { channels } from '@vexa/shared/contracts/redis-names';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { meetings } from '@vexa/wholesaler-database/schema';
import { eq } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { ask, expectGuarded, follow, refusal } from './client.ts';
import {
  consumed,
  drained,
  getTranscript,
  identityOf,
  newMeeting,
  purge,
  said,
  send,
  sessionEnd,
  sessionStart,
  startCollector,
  type TestMeeting,
  useCollector,
} from './harness.ts';

const { harness, collector } = useCollector({}, { timing: { beatMs: 200, stalledMs: 600, longestMs: 60_000 } });

const urlOf = (m: TestMeeting, query = '') => `${collector.url}/transcripts/local/${m.nativeId}/live${query}`;
const say = (m: TestMeeting, uid: string, n: number, text: string, completed = true) =>
  send(harness.redis, said(m, uid, { n, start: n, end: n + 1, text, completed }));

async function finish(m: TestMeeting, uid: string): Promise<void> {
  await send(harness.redis, sessionEnd(m, uid));
  await drained(collector.url, m);
  await harness.connection.db.update(meetings).set({ status: 'completed' }).where(eq(meetings.id, m.id));
  const publication = { status: 'completed', ts: new Date().toISOString() };
  await harness.redis.publish(channels.meetingStatus(m.id), JSON.stringify(publication));
}

test('a follower sees what was said, every change, the status and the end', async () => {
  const m = await newMeeting(harness);
  await send(harness.redis, sessionStart(m, 'live', { speaker: 'Ann' }));
  await say(m, 'live', 1, 'before');
  await consumed(harness.redis);
  await using reader = await follow(urlOf(m));
  expect(Object.fromEntries(reader.response.headers)).toMatchObject({
    'content-type': expect.stringContaining('text/event-stream'),
    'cache-control': 'no-store',
  });
  const snapshot = await reader.next('the snapshot', ({ event }) => event === 'snapshot');
  expect(snapshot.data).toMatchObject({ id: m.id, status: 'active', segments: [{ text: 'before', speaker: 'Ann' }] });
  await reader.next('the status', ({ event, data }) => event === 'status' && data.status === 'active');
  await say(m, 'live', 2, 'dra', false);
  await reader.next('a draft', ({ data }) => data.segments?.[0]?.text === 'dra');
  await say(m, 'live', 2, 'draft');
  const change = await reader.next('a final', ({ data }) => data.segments?.[0]?.text === 'draft');
  expect([change.event, change.data.segments.length]).toEqual(['segments', 1]);
  await finish(m, 'live');
  await waitFor('the end of the stream', () => reader.ended);
  expect(reader.events.slice(-2)).toMatchObject([
    { event: 'status', data: { status: 'completed' } },
    { event: 'end', data: { status: 'completed' } },
  ]);
  expect(reader.ended).toBe('closed');
});

test('a follower who comes back with the last id is told what changed since, and nothing twice', async () => {
  const m = await newMeeting(harness);
  await send(harness.redis, sessionStart(m, 'again', { speaker: 'Ann' }));
  await say(m, 'again', 1, 'one');
  await consumed(harness.redis);
  const first = await follow(urlOf(m));
  await first.next('one', ({ event }) => event === 'snapshot');
  await first[Symbol.asyncDispose]();
  await say(m, 'again', 2, 'two');
  await consumed(harness.redis);
  await using second = await follow(urlOf(m), { headers: { 'last-event-id': first.lastId } });
  await second.next('two', ({ data }) => data.segments?.some((s: { text: string }) => s.text === 'two'));
  expect(second.events.filter(({ event }) => event === 'snapshot')).toEqual([]);
  expect(second.texts()).toEqual({ 'again:2': 'two' });
  await using lost = await follow(urlOf(m), { headers: { 'last-event-id': 'zzz.9' } });
  await lost.next('a snapshot', ({ event }) => event === 'snapshot');
  expect(lost.texts()).toEqual({ 'again:1': 'one', 'again:2': 'two' });
});

test('however changes come, all followers end with what a reader gets', async () => {
  const m = await newMeeting(harness);
  const readers = await Promise.all([0, 1, 2].map(() => follow(urlOf(m))));
  await send(harness.redis, sessionStart(m, 'storm', { speaker: 'Ann' }));
  for (let n = 0; n < 60; n++) {
    await say(m, 'storm', n, `draft ${n}`, false);
    await say(m, 'storm', n, n % 7 === 3 ? '[NOISE]' : `word ${n}`);
    if (n === 30)
      await send(harness.redis, sessionStart(m, 'early', { atSeconds: -5, speaker: 'Bob' }), sessionEnd(m, 'early'));
    if (n === 40) readers.push(await follow(urlOf(m)));
  }
  await finish(m, 'storm');
  const { segments } = await getTranscript(collector.url, m);
  const expected = Object.fromEntries(segments.map(({ segment_id, text }) => [segment_id, text]));
  for (const reader of readers) {
    await waitFor('the end of the stream', () => reader.ended);
    expect(reader.texts()).toEqual(expected);
  }
});

test('a purge empties what followers hold', async () => {
  const m = await newMeeting(harness);
  await send(harness.redis, sessionStart(m, 'gone'));
  await say(m, 'gone', 1, 'secret');
  await consumed(harness.redis);
  await using reader = await follow(urlOf(m));
  await reader.next('the snapshot', ({ event }) => event === 'snapshot');
  await purge(collector.url, m);
  await reader.next('an empty snapshot', ({ event, data }) => event === 'snapshot' && data.segments.length === 0);
  expect(reader.texts()).toEqual({});
}, 20_000);

test('a meeting that is over is told at once, with its end', async () => {
  const m = await newMeeting(harness);
  await send(harness.redis, sessionStart(m, 'over'));
  await say(m, 'over', 1, 'all there was');
  await finish(m, 'over');
  await using reader = await follow(urlOf(m));
  await waitFor('the end of the stream', () => reader.ended);
  expect(reader.events.map(({ event }) => event)).toEqual(['snapshot', 'status', 'end']);
});

test('a reader who takes nothing is dropped, while another goes on', async () => {
  const m = await newMeeting(harness);
  await send(harness.redis, sessionStart(m, 'slow', { speaker: 'Ann' }));
  const { hostname, port, pathname } = new URL(urlOf(m));
  const slow = connect(Number(port), hostname).pause();
  const closed = once(slow, 'close');
  slow.on('error', () => {});
  slow.write(`GET ${pathname} HTTP/1.1\r\nhost: x\r\nx-vexa-identity: ${await identityOf(1)}\r\n\r\n`);
  await using quick = await follow(urlOf(m));
  await waitFor('two followers', async () => (await followers()) === 2);
  const long = 'x'.repeat(9_900);
  for (let n = 0; (await followers()) === 2; n++) {
    const words = Array.from({ length: 60 }, (_, i) => ({
      n: i,
      start: i,
      end: i + 1,
      text: `${n} ${long}`,
      completed: false,
    }));
    await send(harness.redis, said(m, 'slow', ...words));
  }
  await say(m, 'slow', 99, 'still there');
  await quick.next('the next words', () => Object.values(quick.texts()).includes('still there'));
  slow.resume();
  await closed;
}, 60_000);

async function followers(): Promise<number> {
  const text = await (await fetch(`${collector.url}/metrics`)).text();
  return Number(/^vexa_transcript_followers\{[^}]*\} (\d+)$/m.exec(text)?.[1] ?? Number.NaN);
}

test('a stream ends after its time, so that the client shows its key again, and goes on without loss', async () => {
  const brief = await startCollector(harness, {}, { timing: { beatMs: 50, stalledMs: 5_000, longestMs: 200 } });
  const m = await newMeeting(harness);
  await send(harness.redis, sessionStart(m, 'brief'));
  await say(m, 'brief', 1, 'one');
  await consumed(harness.redis);
  const url = `${brief.url}/transcripts/local/${m.nativeId}/live`;
  const first = await follow(url);
  await waitFor('the end of the stream', () => first.ended === 'closed');
  expect(first.events.map(({ event }) => event)).toEqual(['snapshot', 'status']);
  await say(m, 'brief', 2, 'two');
  await consumed(harness.redis);
  await using second = await follow(url, { headers: { 'last-event-id': first.lastId } });
  await second.next('two', ({ event }) => event === 'segments');
  expect(second.texts()).toEqual({ 'brief:2': 'two' });
  await brief.service[Symbol.asyncDispose]();
});

test('only the owner of a meeting can follow it', async () => {
  const m = await newMeeting(harness);
  await expectGuarded(urlOf(m));
  await refusal(await ask(urlOf(m), { userId: 2 }), 404);
  await refusal(await ask(`${collector.url}/transcripts/local/no-such-room/live`), 404);
  await refusal(await ask(`${collector.url}/transcripts/zoom/letters/live`), 422);
  await refusal(await ask(urlOf(m, '?meeting_id=x')), 422);
});
