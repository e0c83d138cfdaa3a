import { signIdentity, signServiceCall } from '@vexa/shared/auth/identity-token';
import { ProblemBody } from '@vexa/shared/http/problem';
import { meetingSessions, meetings, purgedMeetings, transcriptions } from '@vexa/wholesaler-database/schema';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  consumed,
  drain,
  drained,
  getTranscript,
  type Harness,
  identityOf,
  newMeeting,
  purge,
  type Running,
  said,
  secrets,
  send,
  sendSpeakerEvents,
  sessionEnd,
  sessionStart,
  spoke,
  startCollector,
  startHarness,
  type TestMeeting,
  takeSilently,
  textsOf,
} from './harness.ts';

let harness: Harness;
let collector: Running;

beforeAll(async () => {
  harness = await startHarness();
  collector = await startCollector(harness);
});
afterAll(async () => {
  await collector?.service[Symbol.asyncDispose]();
  await harness?.[Symbol.asyncDispose]();
});

async function ask(path: string, identity?: string, method = 'GET', body?: string) {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (identity) headers['x-vexa-identity'] = identity;
  const response = await fetch(`${collector.url}${path}`, { method, headers, ...(body ? { body } : {}) });
  const text = await response.text();
  return { status: response.status, type: response.headers.get('content-type'), body: text ? JSON.parse(text) : null };
}

async function refused(path: string, identity: string | undefined, status: number, method?: string) {
  const answer = await ask(path, identity, method);
  expect(answer.status).toBe(status);
  expect(answer.type).toContain('application/problem+json');
  return ProblemBody.parse(answer.body);
}

test('a transcript is for requests that carry an identity of the gateway with the scope', async () => {
  const m = await newMeeting(harness);
  const path = `/transcripts/local/${m.nativeId}`;
  const forged = await signIdentity('another-secret-of-16', {
    user_id: m.userId,
    email: 'a@example.com',
    scopes: ['*'],
    max_concurrent_bots: 1,
    plan: null,
  });
  await refused(path, undefined, 401);
  await refused(path, forged, 401);
  await refused(path, await signServiceCall(secrets.internal, 'bot-manager'), 401);
  await refused(path, await identityOf(m.userId, ['bot']), 403);
  expect((await ask(path, await identityOf(m.userId, ['*']))).status).toBe(200);
});

test("somebody else's meeting is not found, like one that does not exist", async () => {
  const m = await newMeeting(harness, 1);
  const stranger = await identityOf(2);
  const theirs = await refused(`/transcripts/local/${m.nativeId}`, stranger, 404);
  const nobodys = await refused('/transcripts/local/no-such-room', stranger, 404);
  expect(theirs.detail).toBe(nobodys.detail);
  await refused(`/transcripts/local/${m.nativeId}?meeting_id=${m.id}`, stranger, 404);
});

test.each([
  ['/transcripts/webex/abc', 'platform'],
  ['/transcripts/zoom/not-digits', 'native_meeting_id'],
  ['/transcripts/local/Room%00', 'native_meeting_id'],
  [`/transcripts/local/${'x'.repeat(129)}`, 'native_meeting_id'],
  ['/transcripts/local/room-1?meeting_id=first', 'meeting_id'],
  ['/transcripts/local/room-1?format=docx', 'format'],
])('%s is refused, naming %s', async (path, field) => {
  const problem = await refused(path, await identityOf(1), 422);
  expect(problem.code).toBe('validation_error');
  expect(problem.detail).toMatchObject([{ loc: [expect.any(String), field] }]);
});

test('the latest meeting under a native id is meant, unless one is named', async () => {
  const first = await newMeeting(harness);
  const { db } = harness.connection;
  await db.update(meetings).set({ status: 'completed' }).where(eq(meetings.id, first.id));
  const [second] = await db
    .insert(meetings)
    .values({ user_id: 1, platform: 'local', platform_specific_id: first.nativeId, meeting_url: 'http://room/x' })
    .returning();
  const identity = await identityOf(1);
  const path = `/transcripts/local/${first.nativeId}`;
  expect((await ask(path, identity)).body).toMatchObject({
    id: second!.id,
    source: 'live',
    constructed_meeting_url: 'http://room/x',
    segments: [],
  });
  expect((await ask(`${path}?meeting_id=${first.id}`, identity)).body).toMatchObject({
    id: first.id,
    source: 'history',
  });
  await refused(`${path}?meeting_id=9999999999`, identity, 404);
  await refused(`/transcripts/local/another-room?meeting_id=${first.id}`, identity, 404);
});

test('internal routes are for services only, and say what is wrong', async () => {
  const service = await signServiceCall(secrets.internal, 'bot-manager');
  for (const [path, method] of [
    ['/internal/meetings/1/drain', 'POST'],
    ['/internal/meetings/1', 'DELETE'],
  ] as const) {
    await refused(path, undefined, 401, method);
    await refused(path, await identityOf(1, ['*']), 401, method);
    await refused(path.replace('1', 'one'), service, 422, method);
  }
  expect((await ask('/internal/meetings/1/drain', service, 'POST', '{"force":"yes"}')).status).toBe(422);
  expect((await ask('/internal/meetings/1/drain', service, 'POST', '{nonsense')).status).toBe(400);
});

test('health tells what it depends on, and who else is away without being unready for it', async () => {
  const checks = { postgres: 'ok', redis: 'ok', 'bot-manager': 'unavailable' };
  expect(await ask('/health/ready')).toMatchObject({ status: 200, body: { checks } });
  expect((await ask('/health/live')).status).toBe(200);
});

async function fullMeeting(): Promise<TestMeeting> {
  const m = await newMeeting(harness);
  await sendSpeakerEvents(
    harness.redis,
    spoke(m, `p${m.id}`, 'Ann', 'START', 0),
    spoke(m, 'unheard', 'Bob', 'START', 0),
  );
  await send(
    harness.redis,
    sessionStart(m, `p${m.id}`, { speaker: 'Zoe' }),
    said(m, `p${m.id}`, { n: 1, start: 0, end: 2, text: 'to be stored' }),
    sessionEnd(m, `p${m.id}`),
    said(m, `p${m.id}`, { n: 2, start: 2, end: 3, text: 'still moving', completed: false }),
    { ...said(m, `p${m.id}`, { n: 3, start: 4, end: 5, text: 'misshaped words' }), v: 9 },
  );
  await consumed(harness.redis);
  return m;
}

async function everythingInRedis(): Promise<string> {
  const dump: unknown[] = [];
  for (const key of await harness.redis.keys('*')) {
    const type = await harness.redis.type(key);
    const readers: Record<string, () => Promise<unknown>> = {
      hash: () => harness.redis.hgetall(key),
      set: () => harness.redis.smembers(key),
      zset: () => harness.redis.zrange(key, '0', '-1'),
      stream: () => harness.redis.xrange(key, '-', '+'),
      string: () => harness.redis.get(key),
    };
    dump.push(key, await readers[type]?.());
  }
  return JSON.stringify(dump);
}

test('a purge leaves no words and no names anywhere, keeps usage, and may be repeated', async () => {
  const m = await fullMeeting();
  expect(await everythingInRedis()).toContain('misshaped words');
  expect(await purge(collector.url, m)).toBe(204);
  expect(await purge(collector.url, m)).toBe(204);
  const { db } = harness.connection;
  expect(await db.select().from(transcriptions).where(eq(transcriptions.meeting_id, m.id))).toEqual([]);
  expect(await db.select().from(meetingSessions).where(eq(meetingSessions.meeting_id, m.id))).toMatchObject([
    { speaker: null, audio_seconds: 60 },
  ]);
  const left = await everythingInRedis();
  for (const gone of ['stored', 'moving', 'misshaped', 'Ann', 'Bob', 'Zoe', `meeting:${m.id}:segments`]) {
    expect(left).not.toContain(gone);
  }
  expect((await getTranscript(collector.url, m)).segments).toEqual([]);
});

test('late messages cannot bring a purged meeting back', async () => {
  const m = await fullMeeting();
  await purge(collector.url, m);
  const shown: string[] = [];
  const subscriber = harness.redis.duplicate();
  subscriber.on('pmessage', (_pattern: string, _channel: string, body: string) => shown.push(body));
  await subscriber.psubscribe(`tc:meeting:${m.id}:*`);
  await sendSpeakerEvents(harness.redis, spoke(m, 'late', 'Bob', 'START', 0));
  await send(
    harness.redis,
    sessionStart(m, 'late', { speaker: 'Zoe', resumes: { uid: `p${m.id}`, from_seconds: 1 } }),
    said(m, 'late', { n: 1, start: 0, end: 2, text: 'revenant' }),
    sessionEnd(m, 'late'),
  );
  await consumed(harness.redis);
  const left = await everythingInRedis();
  for (const gone of ['revenant', 'Bob', 'Zoe']) expect(left).not.toContain(gone);
  expect(shown).toEqual([]);
  subscriber.disconnect();
  expect(await textsOf(collector.url, m)).toEqual([]);
  expect(await drain(collector.url, m)).toMatchObject({ drained: true, segment_count: 0 });
});

test('also when Redis forgot about the purge, its words are not shown and go at the next flush', async () => {
  const m = await newMeeting(harness);
  await harness.connection.db.insert(purgedMeetings).values({ meeting_id: m.id });
  await send(harness.redis, said(m, 'ghost', { n: 1, start: 0, end: 2, text: 'revenant' }));
  await consumed(harness.redis);
  expect(await textsOf(collector.url, m)).toEqual([]);
  expect(await drain(collector.url, m)).toMatchObject({ drained: true, segment_count: 0 });
  expect(await everythingInRedis()).not.toContain('revenant');
});

test('a purge in the middle of a torrent of words wins', async () => {
  const m = await newMeeting(harness);
  await send(harness.redis, sessionStart(m, 'torrent'));
  const words = Array.from({ length: 300 }, (_, n) =>
    said(m, 'torrent', { n, start: n, end: n + 1, text: `torrent ${n}` }),
  );
  const sending = send(harness.redis, ...words, sessionEnd(m, 'torrent'));
  const flushing = Promise.all(Array.from({ length: 5 }, () => drain(collector.url, m, true)));
  expect(await purge(collector.url, m)).toBe(204);
  await Promise.all([sending, flushing]);
  await consumed(harness.redis);
  await drained(collector.url, m);
  const { db } = harness.connection;
  expect(await db.select().from(transcriptions).where(eq(transcriptions.meeting_id, m.id))).toEqual([]);
  expect(await everythingInRedis()).not.toContain('torrent ');
});

test('nothing that is not consumed yet counts as drained', async () => {
  const m = await newMeeting(harness);
  const uid = 'undrained';
  await send(
    harness.redis,
    sessionStart(m, uid),
    said(m, uid, { n: 1, start: 0, end: 1, text: 'one' }),
    sessionEnd(m, uid),
  );
  await consumed(harness.redis);
  // Another consumer of the group takes the next message and says no more.
  await collector.service[Symbol.asyncDispose]();
  await send(harness.redis, said(m, uid, { n: 2, start: 1, end: 2, text: 'two' }));
  await takeSilently(harness.redis, 'silent');
  collector = await startCollector(harness, { CLAIM_IDLE_MS: '60000' });
  expect(await drain(collector.url, m)).toMatchObject({ drained: false, open_sessions: [], segment_count: 1 });
  await collector.service[Symbol.asyncDispose]();
  collector = await startCollector(harness, { CLAIM_IDLE_MS: '200' });
  expect(await drained(collector.url, m)).toMatchObject({ segment_count: 2 });
  expect(await textsOf(collector.url, m)).toEqual(['one', 'two']);
});
