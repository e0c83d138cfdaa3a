import { streams } from '@vexa/shared/contracts/redis-names';
import { transcriptChecksum } from '@vexa/shared/contracts/transcript';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { meetingSessions, transcriptions } from '@vexa/wholesaler-database/schema';
import { eq } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { createTokenVerifier } from '../src/messages/token-verifier.ts';
import {
  consumed,
  drain,
  drained,
  getTranscript,
  logger,
  newMeeting,
  said,
  send,
  sendSpeakerEvents,
  sessionEnd,
  sessionStart,
  spoke,
  startAt,
  startCollector,
  textsOf,
  useCollector,
} from './harness.ts';

const { harness, collector } = useCollector();

const rowsOf = (meetingId: number) =>
  harness.connection.db.select().from(transcriptions).where(eq(transcriptions.meeting_id, meetingId));
const sessionsOf = (meetingId: number) =>
  harness.connection.db.select().from(meetingSessions).where(eq(meetingSessions.meeting_id, meetingId));

test('words are readable while they are spoken, with times from the first session', async () => {
  const m = await newMeeting(harness);
  await send(
    harness.redis,
    sessionStart(m, 'live-b', { atSeconds: 4.5, speaker: 'Bob' }),
    sessionStart(m, 'live-a', { speaker: 'Ann' }),
    said(m, 'live-b', { n: 1, start: 1.0004, end: 2, text: 'hello', completed: false }),
    said(m, 'live-a', { n: 1, start: 0.25, end: 3, text: 'good morning' }),
  );
  await consumed(harness.redis);
  const transcript = await getTranscript(collector.url, m);
  expect(transcript).toMatchObject({
    id: m.id,
    native_meeting_id: m.nativeId,
    source: 'live',
    status: 'active',
    cursor: expect.any(String),
  });
  expect(transcript.segments).toMatchObject([
    { segment_id: 'live-a:1', start: 0.25, end: 3, speaker: 'Ann', completed: true },
    {
      segment_id: 'live-b:1',
      start: 5.5,
      end: 6.5,
      speaker: 'Bob',
      completed: false,
      text: 'hello',
      absolute_start_time: new Date(startAt + 5_500).toISOString(),
      absolute_end_time: new Date(startAt + 6_500).toISOString(),
    },
  ]);
});

test('live readers are shown drafts and finals as they come, and finals again when they are stored', async () => {
  const m = await newMeeting(harness);
  const frames: { channel: string; texts: string[] }[] = [];
  const subscriber = harness.redis.duplicate();
  subscriber.on('pmessage', (_pattern: string, channel: string, body: string) => {
    const { segments } = JSON.parse(body) as { segments: { text: string; speaker: string }[] };
    frames.push({ channel: channel.split(':').at(-1)!, texts: segments.map((s) => `${s.speaker}: ${s.text}`) });
  });
  await subscriber.psubscribe(`tc:meeting:${m.id}:*`);
  await send(harness.redis, sessionStart(m, 'pub', { speaker: 'Ann' }));
  await send(harness.redis, said(m, 'pub', { n: 1, start: 0, end: 1, text: 'we', completed: false }));
  await waitFor('the draft', () => frames.length === 1);
  await send(harness.redis, said(m, 'pub', { n: 1, start: 0, end: 2, text: 'we agree' }), sessionEnd(m, 'pub'));
  await waitFor('three frames', () => frames.length >= 3);
  expect(frames).toEqual([
    { channel: 'mutable', texts: ['Ann: we'] },
    { channel: 'mutable', texts: ['Ann: we agree'] },
    { channel: 'finalized', texts: ['Ann: we agree'] },
  ]);
  subscriber.disconnect();
});

test('a message is handled as it comes, not at the next turn of a clock', async () => {
  const m = await newMeeting(harness);
  await send(harness.redis, sessionStart(m, 'soon'));
  await consumed(harness.redis);
  const tookMs: number[] = [];
  for (let n = 0; n < 7; n++) {
    const sentAt = performance.now();
    await send(harness.redis, said(m, 'soon', { n, start: n, end: n + 1, text: `word ${n}` }));
    await consumed(harness.redis);
    tookMs.push(performance.now() - sentAt);
  }
  // A read without messages ends after 500 ms.
  expect(tookMs.sort((a, b) => a - b)[3]).toBeLessThan(450);
});

test('a final that is nothing but a sound label takes its drafts back and is never stored', async () => {
  const m = await newMeeting(harness);
  const shown: string[] = [];
  const subscriber = harness.redis.duplicate();
  subscriber.on('message', (_channel: string, body: string) => {
    shown.push(...(JSON.parse(body) as { segments: { text: string }[] }).segments.map(({ text }) => text));
  });
  await subscriber.subscribe(`tc:meeting:${m.id}:mutable`);
  await send(
    harness.redis,
    sessionStart(m, 'noise'),
    said(m, 'noise', { n: 1, start: 0, end: 1, text: 'Thanks for', completed: false }),
  );
  await waitFor('the draft', () => shown.length === 1);
  await send(
    harness.redis,
    said(m, 'noise', { n: 1, start: 0, end: 2, text: 'Thanks for watching!' }),
    said(m, 'noise', { n: 2, start: 3, end: 4, text: '[BLANK_AUDIO]', completed: false }),
    sessionEnd(m, 'noise'),
  );
  expect(await drained(collector.url, m)).toMatchObject({ segment_count: 0 });
  expect(shown).toEqual(['Thanks for', '']);
  expect(await rowsOf(m.id)).toEqual([]);
  subscriber.disconnect();
});

test('a final becomes immutable with age, without the end of its session', async () => {
  const eager = await startCollector(harness, { IMMUTABILITY_THRESHOLD_SECONDS: '0' });
  const m = await newMeeting(harness);
  await send(
    harness.redis,
    sessionStart(m, 'age'),
    said(m, 'age', { n: 1, start: 0, end: 2, text: 'done' }, { n: 2, start: 2, end: 3, text: 'not', completed: false }),
  );
  await waitFor('the final in Postgres', async () => (await rowsOf(m.id)).length === 1);
  await waitFor('the final out of Redis', async () => (await harness.redis.hlen(`meeting:${m.id}:segments`)) === 1);
  expect(await textsOf(collector.url, m)).toEqual(['done', 'not']);
  await eager.service[Symbol.asyncDispose]();
});

test('a session carries its usage, computed from what is stored', async () => {
  const m = await newMeeting(harness);
  const messages = [
    sessionStart(m, 'use', { speaker: 'Ann' }),
    said(m, 'use', { n: 1, start: 1, end: 3, text: 'one' }, { n: 2, start: 4, end: 7.5, text: 'two' }),
    sessionEnd(m, 'use', 20),
  ];
  await send(harness.redis, ...messages, ...messages);
  const reply = await drained(collector.url, m);
  expect(reply).toMatchObject({ segment_count: 2, audio_seconds: 20, speech_seconds: 10 });
  expect(await sessionsOf(m.id)).toMatchObject([
    { max_end_time: 7.5, total_segment_duration_seconds: 5.5, speaker: 'Ann', model_identifier: 'tiny.en' },
  ]);
});

test('speakers of mixed audio come from the speaker events, also those that arrive after the words', async () => {
  const m = await newMeeting(harness);
  await sendSpeakerEvents(harness.redis, spoke(m, 'mix', 'Ann', 'START', 0), spoke(m, 'mix', 'Ann', 'END', 6));
  await send(
    harness.redis,
    sessionStart(m, 'mix'),
    said(m, 'mix', { n: 1, start: 5, end: 5.8, text: 'first' }, { n: 2, start: 7, end: 9, text: 'second' }),
    sessionEnd(m, 'mix'),
  );
  await waitFor('both stored', async () => (await rowsOf(m.id)).length === 2);
  expect((await getTranscript(collector.url, m)).segments.map(({ speaker }) => speaker)).toEqual(['Ann', null]);
  await sendSpeakerEvents(harness.redis, spoke(m, 'mix', 'Bob', 'START', 6.5));
  await drained(collector.url, m);
  expect((await getTranscript(collector.url, m)).segments.map(({ speaker }) => speaker)).toEqual(['Ann', 'Bob']);
  expect((await rowsOf(m.id)).map(({ speaker }) => speaker).sort()).toEqual(['Ann', 'Bob']);
});

test('words of a broken connection that are said again are neither lost nor doubled', async () => {
  const m = await newMeeting(harness);
  await send(
    harness.redis,
    sessionStart(m, 'broken'),
    said(m, 'broken', { n: 1, start: 0, end: 4, text: 'heard once' }),
    said(m, 'broken', { n: 2, start: 4, end: 6, text: 'heard by the server only' }),
    said(m, 'broken', { n: 3, start: 6, end: 7, text: 'half a', completed: false }),
    sessionStart(m, 'resumed', { atSeconds: 4, resumes: { uid: 'broken', from_seconds: 4 } }),
    said(m, 'broken', { n: 4, start: 8, end: 9, text: 'too late' }),
    said(m, 'resumed', { n: 1, start: 0, end: 5, text: 'heard again in full' }),
    sessionEnd(m, 'resumed', 10),
  );
  await consumed(harness.redis);
  expect(await textsOf(collector.url, m)).toEqual(['heard once', 'heard again in full']);
  expect(await drained(collector.url, m)).toMatchObject({ segment_count: 2, open_sessions: [] });
  expect((await getTranscript(collector.url, m)).segments.map(({ start }) => start)).toEqual([0, 4]);
});

test('what was already stored of a broken connection is voided too', async () => {
  const m = await newMeeting(harness);
  await send(
    harness.redis,
    sessionStart(m, 'old'),
    said(m, 'old', { n: 1, start: 0, end: 4, text: 'stays' }, { n: 2, start: 4, end: 6, text: 'goes' }),
    sessionEnd(m, 'old'),
  );
  await waitFor('both stored', async () => (await rowsOf(m.id)).length === 2);
  await send(
    harness.redis,
    sessionStart(m, 'new', { atSeconds: 4.02, resumes: { uid: 'old', from_seconds: 4.02 } }),
    sessionEnd(m, 'new'),
  );
  await drained(collector.url, m);
  expect(await textsOf(collector.url, m)).toEqual(['stays']);
  const old = (await sessionsOf(m.id)).find(({ session_uid }) => session_uid === 'old');
  expect(old).toMatchObject({ max_end_time: 4, total_segment_duration_seconds: 4, superseded_from_seconds: 4.02 });
});

test('the end of a meeting is told truthfully: open sessions, then all of it with a checksum readers can verify', async () => {
  const m = await newMeeting(harness);
  await send(
    harness.redis,
    sessionStart(m, 'd1'),
    sessionStart(m, 'd2', { atSeconds: 1 }),
    said(m, 'd1', { n: 1, start: 0, end: 1, text: 'one' }),
    said(m, 'd2', { n: 1, start: 0, end: 1, text: 'two', completed: false }),
    sessionEnd(m, 'd1'),
  );
  await consumed(harness.redis);
  expect(await drain(collector.url, m)).toMatchObject({ drained: false, open_sessions: ['d2'], segment_count: 2 });
  const reply = await drain(collector.url, m, true);
  expect(reply).toMatchObject({ drained: true, open_sessions: [], segment_count: 2 });
  const { segments } = await getTranscript(collector.url, m);
  expect(segments.map(({ text, completed }) => [text, completed])).toEqual([
    ['one', true],
    ['two', true],
  ]);
  expect(reply.checksum).toBe(transcriptChecksum(segments));
  expect(await rowsOf(m.id)).toHaveLength(2);
  expect(await harness.redis.exists(`meeting:${m.id}:segments`)).toBe(0);
});

test('a draft whose words a final says is dropped at the end, and one nobody finished is kept', async () => {
  const m = await newMeeting(harness);
  await send(
    harness.redis,
    sessionStart(m, 'fin'),
    said(m, 'fin', { n: 1, start: 0, end: 3, text: 'long', completed: false }),
    said(m, 'fin', { n: 2, start: 0, end: 3.5, text: 'long sentence' }),
    said(m, 'fin', { n: 3, start: 4, end: 5, text: 'last words', completed: false }),
    sessionEnd(m, 'fin'),
  );
  await drained(collector.url, m);
  expect(await textsOf(collector.url, m)).toEqual(['long sentence', 'last words']);
});

test('words without a session can be read, hold the end open, and are kept by force', async () => {
  const m = await newMeeting(harness);
  await send(harness.redis, said(m, 'orphan', { n: 1, start: 10, end: 11, text: 'still here' }));
  await consumed(harness.redis);
  expect(await textsOf(collector.url, m)).toEqual(['still here']);
  expect(await drain(collector.url, m)).toMatchObject({ drained: false, open_sessions: ['orphan'] });
  expect(await drain(collector.url, m, true)).toMatchObject({ drained: true, segment_count: 1 });
});

test('a meeting nobody spoke in is drained at once', async () => {
  const m = await newMeeting(harness);
  expect(await drain(collector.url, m)).toMatchObject({ drained: true, segment_count: 0, audio_seconds: 0 });
});

test('an older message that comes after its final was stored changes nothing', async () => {
  const m = await newMeeting(harness);
  const older = '1700000000000-1';
  await send(
    harness.redis,
    sessionStart(m, 'late'),
    said(m, 'late', { n: 1, start: 0, end: 2, text: 'the final' }),
    sessionEnd(m, 'late'),
  );
  await drained(collector.url, m);
  const { handleSegmentMessages } = await import('../src/messages/handle-segment-messages.ts');
  const { SessionCache } = await import('../src/sessions/session-cache.ts');
  const { db } = harness.connection;
  const payload = JSON.stringify(said(m, 'late', { n: 1, start: 0, end: 1, text: 'old', completed: true }));
  await handleSegmentMessages(
    {
      db,
      redis: harness.redis,
      logger,
      sessions: new SessionCache(db),
      isWorthKeeping: () => true,
      tokens: createTokenVerifier(harness.config().secrets.sessionToken),
      onSessionEnded: () => {},
    },
    [{ id: older, payload }],
  );
  expect(await textsOf(collector.url, m)).toEqual(['the final']);
  expect(await harness.redis.exists(`meeting:${m.id}:segments`)).toBe(0);
});

test('text that Postgres cannot store as it is loses the character, not the words', async () => {
  const m = await newMeeting(harness);
  await send(
    harness.redis,
    sessionStart(m, 'nul', { speaker: 'A\0nn' }),
    said(m, 'nul', { n: 1, start: 0, end: 2, text: 'be\0fore \ud800 after' }),
    sessionEnd(m, 'nul'),
  );
  await drained(collector.url, m);
  expect(await getTranscript(collector.url, m)).toMatchObject({
    segments: [{ text: 'before \ufffd after', speaker: 'Ann' }],
  });
});

test('segments that tell the times of their words are kept like any other', async () => {
  const m = await newMeeting(harness);
  const words = [
    { text: ' Good', start: 0.3, end: 0.6, probability: 0.9 },
    { text: ' morning.', start: 0.6, end: 1.1 },
  ];
  await send(
    harness.redis,
    sessionStart(m, 'timed', { speaker: 'Ann' }),
    said(m, 'timed', { n: 1, start: 0.3, end: 1.2, text: 'Good morning.', words }),
    sessionEnd(m, 'timed'),
  );
  await drained(collector.url, m);
  expect(await getTranscript(collector.url, m)).toMatchObject({
    segments: [{ text: 'Good morning.', start: 0.3, end: 1.2, speaker: 'Ann' }],
  });
});

test('consumed messages leave nothing in the stream', async () => {
  await consumed(harness.redis);
  expect(await harness.redis.xrange(streams.segments, '-', '+')).toEqual([]);
});
