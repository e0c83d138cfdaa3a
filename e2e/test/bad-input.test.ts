import { once } from 'node:events';
import { signSessionToken } from '@vexa/shared/auth/session-token';
import { beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { useStack } from './use-stack.ts';

const stack = useStack();
let retailerKey: string;

beforeAll(async () => {
  retailerKey = (await stack.retailerAdmin.createUser('careless@example.com')).key;
});

interface Problem {
  status: number;
  code: string;
  detail: string | { loc: (string | number)[]; msg: string }[];
  request_id: string;
}

/** The two public edges speak the same API, so both must refuse the same nonsense in the same words. */
describe.each(['retailer', 'wholesaler'])('%s', (product) => {
  const base = () => (product === 'retailer' ? stack.urls.retailer : stack.urls.gateway);
  const key = () => (product === 'retailer' ? retailerKey : stack.systemKey);

  async function send(
    method: string,
    path: string,
    options: { key?: string | null; body?: string } = {},
  ): Promise<Problem> {
    const sent = options.key === undefined ? key() : options.key;
    const response = await fetch(base() + path, {
      method,
      headers: { 'content-type': 'application/json', ...(sent === null ? {} : { 'x-api-key': sent }) },
      ...(options.body === undefined ? {} : { body: options.body }),
    });
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(response.headers.get('x-request-id')).toBeTruthy();
    const problem = (await response.json()) as Problem;
    expect(problem.status).toBe(response.status);
    expect(JSON.stringify(problem)).not.toMatch(/at .+\.ts:\d+/);
    return problem;
  }
  const bot = (fields: Record<string, unknown>) =>
    send('POST', '/bots', { body: JSON.stringify({ platform: 'local', native_meeting_id: 'room-1', ...fields }) });
  const fieldsOf = ({ detail }: Problem) => (Array.isArray(detail) ? detail.map(({ loc }) => loc.join('.')) : detail);

  test('an unknown platform is named', async () => {
    const problem = await bot({ platform: 'skype' });
    expect(problem.status).toBe(422);
    expect(fieldsOf(problem)).toContain('body.platform');
  });

  test.each(['UPPER', 'a', 'with space', '../etc', 'x'.repeat(200)])('the meeting id %j is refused', async (id) => {
    const problem = await bot({ native_meeting_id: id });
    expect(problem.status).toBe(422);
    expect(fieldsOf(problem)).toContain('body.native_meeting_id');
  });

  test('every bad field is named at once', async () => {
    const problem = await bot({ bot_name: '', language: 'qq', task: 'sing', automatic_leave: { max_bot_time: -1 } });
    expect(fieldsOf(problem)).toEqual(
      expect.arrayContaining(['body.bot_name', 'body.language', 'body.task', 'body.automatic_leave.max_bot_time']),
    );
  });

  test('no key and an unknown key are 401', async () => {
    expect((await send('GET', '/meetings', { key: null })).status).toBe(401);
    expect((await send('GET', '/meetings', { key: 'vxa_nobody' })).status).toBe(401);
  });

  test('a body that is not JSON is refused', async () => {
    expect([400, 422]).toContain((await send('POST', '/bots', { body: '{"platform":' })).status);
  });

  test('a body over 1 MiB is 413', async () => {
    const body = JSON.stringify({ platform: 'local', native_meeting_id: 'room-1', bot_name: 'x'.repeat(1_100_000) });
    expect((await send('POST', '/bots', { body })).status).toBe(413);
  });

  test('a meeting nobody has is 404 everywhere', async () => {
    for (const [method, path] of [
      ['GET', '/transcripts/local/nowhere'],
      ['GET', '/meetings/local/nowhere'],
      ['DELETE', '/bots/local/nowhere'],
      ['DELETE', '/meetings/local/nowhere'],
    ] as const) {
      expect((await send(method, path)).status, `${method} ${path}`).toBe(404);
    }
  });

  test('an unknown platform in a path is 422', async () => {
    expect((await send('GET', '/transcripts/skype/room-1')).status).toBe(422);
  });

  test('an unknown route is 404', async () => {
    expect((await send('GET', '/nothing-here')).status).toBe(404);
  });

  test('a live socket without a key is told so and closed with 4401', async () => {
    const socket = new WebSocket(`${base().replace('http', 'ws')}/ws`);
    const [[message], [code]] = await Promise.all([once(socket, 'message'), once(socket, 'close')]);
    expect(JSON.parse(String(message))).toMatchObject({ type: 'error', error: 'missing_api_key' });
    expect(code).toBe(4401);
  });

  test('a live socket survives nonsense and says what is wrong with it', async () => {
    const socket = new WebSocket(`${base().replace('http', 'ws')}/ws`, { headers: { 'x-api-key': key() } });
    await once(socket, 'open');
    const ask = async (text: string) => {
      const answer = once(socket, 'message');
      socket.send(text);
      return JSON.parse(String((await answer)[0])) as { type: string; error?: string };
    };
    expect(await ask('{')).toMatchObject({ error: 'invalid_json' });
    expect(await ask('{"action":"dance"}')).toMatchObject({ error: 'unknown_action' });
    expect(await ask('{"action":"subscribe","meetings":[]}')).toMatchObject({ error: 'invalid_subscribe_payload' });
    expect(await ask('{"action":"subscribe","meetings":[{"platform":"local","native_id":"nowhere"}]}')).toMatchObject({
      error: 'authorization_failed',
    });
    expect(await ask('{"action":"ping"}')).toMatchObject({ type: 'pong' });
    socket.close();
    await once(socket, 'close');
  });
});

describe('audio socket', () => {
  async function connect(first: string): Promise<{ socket: WebSocket; frames: Record<string, unknown>[] }> {
    const socket = new WebSocket(stack.urls.audio);
    const frames: Record<string, unknown>[] = [];
    socket.on('message', (data) => frames.push(JSON.parse(String(data)) as Record<string, unknown>));
    await once(socket, 'open');
    socket.send(first);
    return { socket, frames };
  }

  test('a configuration without its fields is answered with their names', async () => {
    const { socket, frames } = await connect('{"uid":"u"}');
    await once(socket, 'close');
    expect(frames).toEqual([
      { uid: 'u', status: 'ERROR', message: 'Missing required fields: token, platform, meeting_id' },
    ]);
  });

  test('a forged token is refused with 4401', async () => {
    const token = await signSessionToken('another-secret-of-32-characters!!', {
      meeting_id: 1,
      user_id: 1,
      connection_id: 'c',
    });
    const { socket, frames } = await connect(JSON.stringify({ uid: 'u', token, platform: 'local', meeting_id: 1 }));
    const [code] = await once(socket, 'close');
    expect(code).toBe(4401);
    expect(frames[0]).toMatchObject({ status: 'ERROR' });
  });
});
