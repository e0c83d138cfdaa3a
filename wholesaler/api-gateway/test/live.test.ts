import { once } from 'node:events';
import { channels } from '@vexa/shared/contracts/redis-names';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Edge, startEdge } from './fixture.ts';

let edge: Edge;
let key: string;

beforeAll(async () => {
  edge = await startEdge();
  ({ key } = await edge.newKey());
});
afterAll(() => edge?.stack.disposeAsync());

// biome-ignore lint/suspicious/noExplicitAny: frames are looked into by expectations
type Frame = any;

class Client {
  readonly frames: Frame[] = [];
  readonly socket: WebSocket;
  closed: { code: number; reason: string } | undefined;

  constructor(path: string, headers: Record<string, string> = {}, url = edge.url) {
    this.socket = new WebSocket(url.replace('http', 'ws') + path, { headers });
    this.socket.on('message', (data) => this.frames.push(JSON.parse(String(data))));
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) };
    });
    this.socket.on('error', () => {});
  }

  static async open(apiKey = key): Promise<Client> {
    const client = new Client('/ws', { 'x-api-key': apiKey });
    await once(client.socket, 'open');
    return client;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(...ids: string[]): void {
    this.send({ action: 'subscribe', meetings: ids.map(local) });
  }

  next(match: Record<string, unknown>): Promise<Frame> {
    const fits = (frame: Frame) => Object.entries(match).every(([name, value]) => frame[name] === value);
    return waitFor(`a frame ${JSON.stringify(match)} (had ${JSON.stringify(this.frames).slice(0, 500)})`, () =>
      this.frames.find(fits),
    );
  }

  code(): Promise<number> {
    return waitFor('the close', () => this.closed?.code);
  }
}

const local = (native_id: string) => ({ platform: 'local', native_id });
const segment = (text: string) => ({
  segment_id: 's:1',
  start: 0,
  end: 1,
  text,
  language: 'en',
  speaker: 'Ann',
  session_uid: 's',
  completed: false,
  created_at: null,
  updated_at: null,
  absolute_start_time: null,
  absolute_end_time: null,
});
const ts = '2026-08-01T09:00:00.000Z';
const publish = (channel: string, message: unknown) =>
  edge.redis.publish(channel, typeof message === 'string' ? message : JSON.stringify(message));
const listeners = async (channel: string) => Number(((await edge.redis.pubsub('NUMSUB', channel)) as unknown[])[1]);

let meetings = 100;
const newMeeting = () => ({ id: ++meetings, name: `live-${meetings}` });

describe('a socket', () => {
  test('without a key is told so and closed with 4401', async () => {
    const client = new Client('/ws');
    expect(await client.code()).toBe(4401);
    expect(client.frames).toEqual([{ type: 'error', error: 'missing_api_key' }]);
  });

  test('with an unknown key is told so and closed with 4401', async () => {
    const client = new Client('/ws?api_key=vxa_nobody');
    expect(await client.code()).toBe(4401);
    expect(client.frames).toEqual([{ type: 'error', error: 'invalid_api_key' }]);
  });

  test.each([
    ['the header', '/ws', true],
    ['?api_key=', '/ws?api_key=', false],
  ])('is opened by a key in %s', async (_, path, inHeader) => {
    const client = new Client(inHeader ? path : path + key, inHeader ? { 'x-api-key': key } : {});
    await once(client.socket, 'open');
    client.send({ action: 'ping' });
    await client.next({ type: 'pong' });
    client.socket.close();
  });

  test('at another path is refused', async () => {
    const client = new Client('/elsewhere', { 'x-api-key': key });
    expect(await client.code()).toBe(1006);
  });
});

test('a subscriber hears drafts, finals and status of their meeting, and nothing after unsubscribing', async () => {
  const { id, name } = newMeeting();
  const client = await Client.open();
  client.subscribe(name);
  expect(await client.next({ type: 'subscribed' })).toEqual({ type: 'subscribed', meetings: [local(name)] });
  await publish(channels.mutableSegments(id), { segments: [segment('hel')], ts });
  expect(await client.next({ type: 'transcript.mutable' })).toEqual({
    type: 'transcript.mutable',
    meeting: local(name),
    payload: { segments: [segment('hel')] },
    ts,
  });
  await publish(channels.finalizedSegments(id), { segments: [segment('hello')], ts });
  expect((await client.next({ type: 'transcript.finalized' })).payload.segments[0].text).toBe('hello');
  await publish(channels.meetingStatus(id), { status: 'completed', ts });
  expect(await client.next({ type: 'meeting.status' })).toEqual({
    type: 'meeting.status',
    meeting: local(name),
    payload: { status: 'completed' },
    ts,
  });
  client.send({ action: 'unsubscribe', meetings: [local(name)] });
  expect(await client.next({ type: 'unsubscribed' })).toEqual({ type: 'unsubscribed', meetings: [local(name)] });
  await waitFor('the channel to be left', async () => (await listeners(channels.mutableSegments(id))) === 0);
  client.socket.close();
});

test('the allowed meetings of a list are subscribed, and the others named', async () => {
  const { id, name } = newMeeting();
  const client = await Client.open();
  client.subscribe('theirs', name, 'broken');
  expect((await client.next({ type: 'subscribed' })).meetings).toEqual([local(name)]);
  const refused = await client.next({ error: 'authorization_failed' });
  expect(refused.details.meetings).toEqual(
    expect.arrayContaining([
      { ...local('theirs'), reason: 'not_found' },
      { ...local('broken'), reason: 'unavailable' },
    ]),
  );
  await publish(channels.meetingStatus(id), { status: 'active', ts });
  await client.next({ type: 'meeting.status' });
  client.socket.close();
});

test('a socket may hear 200 meetings; what is more is refused by name, and subscribing anew to one of them is not more', async () => {
  const patient = await edge.startGateway({ UPSTREAM_TIMEOUT_MS: '30000' });
  const client = new Client('/ws', { 'x-api-key': key }, patient);
  await once(client.socket, 'open');
  const names = Array.from({ length: 201 }, () => newMeeting().name);
  for (let from = 0; from < 200; from += 100) client.subscribe(...names.slice(from, from + 100));
  await waitFor('both answers', () => client.frames.length === 2);
  client.subscribe(names[200]!, names[0]!);
  expect((await client.next({ error: 'authorization_failed' })).details.meetings).toEqual([
    { ...local(names[200]!), reason: 'too_many' },
  ]);
  expect(client.frames[2]).toEqual({ type: 'subscribed', meetings: [local(names[0]!)] });
  client.subscribe(...names.slice(0, 101));
  expect((await client.next({ error: 'invalid_subscribe_payload' })).details[0].loc).toEqual(['frame', 'meetings']);
  client.socket.close();
});

test('a key without the scope tx hears nothing', async () => {
  const { name } = newMeeting();
  const client = await Client.open((await edge.newKey(['bot'])).key);
  client.subscribe(name);
  await client.next({ error: 'authorization_failed' });
  expect(client.frames).toHaveLength(1);
  client.socket.close();
});

test('garbage is answered by the error that names it, and the socket goes on', async () => {
  const client = await Client.open();
  client.send('{');
  await client.next({ error: 'invalid_json' });
  client.send({ action: 'dance' });
  await client.next({ error: 'unknown_action' });
  client.send({ action: 'subscribe', meetings: 'all' });
  expect((await client.next({ error: 'invalid_subscribe_payload' })).details[0].loc).toEqual(['frame', 'meetings']);
  client.socket.send(Buffer.from([0, 255, 1]));
  await waitFor('a second complaint', () => client.frames.filter((f) => f.error === 'invalid_json').length === 2);
  client.send({ action: 'ping' });
  await client.next({ type: 'pong' });
  client.send('x'.repeat(70_000));
  expect(await client.code()).toBe(1009);
});

test('requests are answered in their order, however many come at once', async () => {
  const { name } = newMeeting();
  const client = await Client.open();
  for (let i = 0; i < 100; i++) {
    client.subscribe(name);
    client.send({ action: 'unsubscribe', meetings: [local(name)] });
  }
  client.send({ action: 'ping' });
  await client.next({ type: 'pong' });
  const types = client.frames.map((frame) => frame.type);
  expect(types).toEqual([...Array.from({ length: 100 }, () => ['subscribed', 'unsubscribed']).flat(), 'pong']);
  client.socket.close();
});

test('a publication that cannot be read reaches nobody and breaks nothing', async () => {
  const { id, name } = newMeeting();
  const client = await Client.open();
  client.subscribe(name);
  await client.next({ type: 'subscribed' });
  await publish(channels.mutableSegments(id), 'not json');
  await publish(channels.mutableSegments(id), { segments: 'x' });
  await publish(channels.meetingStatus(id), { status: 'active', ts });
  await client.next({ type: 'meeting.status' });
  expect(client.frames).toHaveLength(2);
  client.socket.close();
});

test('many readers of a meeting share one subscription, which ends with the last of them', async () => {
  const { id, name } = newMeeting();
  const clients = await Promise.all(Array.from({ length: 20 }, () => Client.open()));
  for (const client of clients) client.subscribe(name);
  await Promise.all(clients.map((client) => client.next({ type: 'subscribed' })));
  expect(await listeners(channels.mutableSegments(id))).toBe(1);
  await publish(channels.mutableSegments(id), { segments: [segment('hi')], ts });
  await Promise.all(clients.map((client) => client.next({ type: 'transcript.mutable' })));
  for (const client of clients.slice(1)) client.socket.terminate();
  await publish(channels.meetingStatus(id), { status: 'active', ts });
  await clients[0]!.next({ type: 'meeting.status' });
  clients[0]!.socket.close();
  await waitFor('the channel to be left', async () => (await listeners(channels.mutableSegments(id))) === 0);
});

test('a reader who does not read is dropped with 1013 while the others go on hearing', async () => {
  const { id, name } = newMeeting();
  const [slow, quick] = await Promise.all([Client.open(), Client.open()]);
  for (const client of [slow, quick]) client.subscribe(name);
  await Promise.all([slow, quick].map((client) => client.next({ type: 'subscribed' })));
  slow.socket.pause();
  const big = { segments: Array.from({ length: 20 }, () => segment('x'.repeat(9_000))), ts };
  const sent = 120;
  for (let i = 0; i < sent; i++) {
    await publish(channels.mutableSegments(id), big);
    await waitFor('the quick reader', () => quick.frames.length >= i + 2);
  }
  slow.socket.resume();
  // 1006: on a busy machine sending the rest takes longer than the 5 s after which the connection is cut.
  expect([1013, 1006]).toContain(await slow.code());
  expect(slow.frames.length).toBeLessThan(sent);
  quick.send({ action: 'ping' });
  await quick.next({ type: 'pong' });
  quick.socket.close();
});

test('the sockets of a revoked key are closed within a moment', async () => {
  const revoked = await edge.newKey();
  const [theirs, others] = await Promise.all([Client.open(revoked.key), Client.open()]);
  theirs.send({ action: 'ping' });
  await theirs.next({ type: 'pong' });
  await edge.adminCall('DELETE', `/admin/tokens/${revoked.tokenId}`);
  expect(await theirs.code()).toBe(4401);
  expect(theirs.frames.at(-1)).toEqual({ type: 'error', error: 'invalid_api_key' });
  others.send({ action: 'ping' });
  await others.next({ type: 'pong' });
  others.socket.close();
});

test('when Redis was away, clients are made to connect anew, and then hear again', async () => {
  const { id, name } = newMeeting();
  const client = await Client.open();
  client.subscribe(name);
  await client.next({ type: 'subscribed' });
  await edge.redisServer.kill();
  await edge.redisServer.start();
  expect(await client.code()).toBe(1012);
  const again = await Client.open();
  again.subscribe(name);
  await again.next({ type: 'subscribed' });
  await waitFor('redis', () => publish(channels.meetingStatus(id), { status: 'active', ts }).catch(() => undefined));
  await again.next({ type: 'meeting.status' });
  again.socket.close();
});
