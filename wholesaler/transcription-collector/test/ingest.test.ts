import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  drained,
  getTranscript,
  newMeeting,
  said,
  sessionEnd,
  sessionStart,
  spoke,
  startCollector,
  textsOf,
  useCollector,
} from './harness.ts';

const { harness, collector } = useCollector();

async function connect(path = '/collector', { url } = collector) {
  const socket = new WebSocket(url.replace('http', 'ws') + path);
  // biome-ignore lint/suspicious/noExplicitAny: replies are looked into by expectations
  const replies: any[] = [];
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  socket.on('message', (data) => replies.push(JSON.parse(String(data))));
  socket.on('error', () => {});
  await Promise.race([new Promise((resolve) => socket.on('open', resolve)), closed]);
  const send = (...messages: unknown[]) => {
    for (const message of messages) socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  };
  const answered = (count: number) => waitFor(`${count} replies`, () => replies.length >= count);
  return { socket, replies, closed, send, answered };
}

test('messages over the socket give the same transcript as over the stream, each acknowledged in order', async () => {
  const m = await newMeeting(harness);
  const client = await connect();
  client.send(
    sessionStart(m, 'ws'),
    spoke(m, 'ws', 'Ann', 'START', 0),
    said(m, 'ws', { n: 1, start: 0, end: 1, text: 'over', completed: false }),
    said(m, 'ws', { n: 1, start: 0, end: 2, text: 'over the socket' }),
    sessionEnd(m, 'ws'),
  );
  await client.answered(5);
  expect(client.replies).toEqual([1, 2, 3, 4, 5].map((n) => ({ type: 'ack', n })));
  await drained(collector.url, m);
  const { segments } = await getTranscript(collector.url, m);
  expect(segments.map(({ text, speaker }) => [text, speaker])).toEqual([['over the socket', 'Ann']]);
  client.socket.close();
});

test('a bad message is refused by its number, and those around it are taken', async () => {
  const m = await newMeeting(harness);
  const client = await connect();
  client.send(
    sessionStart(m, 'bad'),
    { ...sessionEnd(m, 'bad'), v: 2 },
    said(m, 'bad', { n: 1, start: 0, end: 1, text: 'kept' }),
    '{not json',
    Buffer.from([1, 2, 3]).toString('latin1'),
  );
  await client.answered(5);
  expect(client.replies.map(({ type, n, error }) => [type, n, error])).toEqual([
    ['ack', 1, undefined],
    ['error', 2, 'invalid_message'],
    ['ack', 3, undefined],
    ['error', 4, 'invalid_message'],
    ['error', 5, 'invalid_message'],
  ]);
  expect(client.replies[1].details).toContain('v:');
  await waitFor('the words', async () => (await textsOf(collector.url, m)).includes('kept'));
  client.socket.close();
});

test('a message without a good token closes the socket with 4401, and nothing after it is taken', async () => {
  const m = await newMeeting(harness);
  const client = await connect();
  client.send(
    sessionStart(m, 'forged'),
    { ...said(m, 'forged', { n: 1, start: 0, end: 1, text: 'forged' }), token: `${m.token}x` },
    said(m, 'forged', { n: 2, start: 1, end: 2, text: 'after' }),
  );
  expect(await client.closed).toBe(4401);
  expect(client.replies.map(({ type, error }) => error ?? type)).toEqual(['ack', 'invalid_token']);
  expect(await textsOf(collector.url, m)).toEqual([]);
});

test('more messages than are read at once are all taken, in order', async () => {
  const m = await newMeeting(harness);
  const client = await connect();
  client.send(sessionStart(m, 'many'));
  for (let n = 0; n < 500; n++)
    client.send(said(m, 'many', { n: n % 50, start: n % 50, end: (n % 50) + 1, text: `word ${n}` }));
  await client.answered(501);
  expect(client.replies.map(({ n }) => n)).toEqual(Array.from({ length: 501 }, (_, i) => i + 1));
  client.send(sessionEnd(m, 'many'));
  await drained(collector.url, m);
  expect(await textsOf(collector.url, m)).toEqual(Array.from({ length: 50 }, (_, i) => `word ${450 + i}`));
  client.socket.close();
});

test('other paths are refused, and a frame that is too large ends the socket', async () => {
  expect(await (await connect('/elsewhere')).closed).toBe(1006);
  const client = await connect();
  client.send('x'.repeat(1024 * 1024 + 1));
  expect(await client.closed).toBe(1009);
});

test('while Redis is away nothing is acknowledged', async () => {
  const impatient = await startCollector(harness, {}, { redis: { commandTimeoutMs: 1_000 } });
  await using _ = impatient.service;
  const m = await newMeeting(harness);
  const client = await connect('/collector', impatient);
  client.send(sessionStart(m, 'away'));
  await client.answered(1);
  await harness.server.kill();
  client.send(said(m, 'away', { n: 1, start: 0, end: 1, text: 'unsafe' }));
  const code = await client.closed;
  await harness.server.start();
  expect([code, client.replies.at(-1).error]).toEqual([1013, 'unavailable']);
  await waitFor('redis', () => harness.redis.ping().catch(() => undefined));
}, 60_000);
