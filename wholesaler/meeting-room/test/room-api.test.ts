import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createRoom, post, startRoom } from './room-under-test.ts';

let service: Awaited<ReturnType<typeof startRoom>>;
beforeAll(async () => {
  service = await startRoom();
});
afterAll(() => service[Symbol.asyncDispose]());

async function connect(room: string) {
  const socket = new WebSocket(`${service.url.replace('http', 'ws')}/api/rooms/${room}/ws`);
  await once(socket, 'open');
  const next = async () => JSON.parse(String((await once(socket, 'message'))[0]));
  const ask = (message: unknown) => {
    const answer = next();
    socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    return answer;
  };
  return { socket, ask, next, [Symbol.dispose]: () => socket.terminate() };
}

test('a created room hands out its link, host link and key', async () => {
  const room = await createRoom(service.url, { room: 'made-here', lobby: true });
  expect(room).toEqual({
    room: 'made-here',
    url: `${service.url}/made-here`,
    host_url: `${service.url}/made-here?host=${room.host_key}`,
    host_key: expect.stringMatching(/^[\w-]{24}$/),
  });
  expect(await (await fetch(`${service.url}/api/rooms/made-here`)).json()).toEqual({
    room: 'made-here',
    state: 'open',
    lobby: true,
    participant_count: 0,
    waiting_count: 0,
  });
});

test('a taken id is a conflict', async () => {
  await createRoom(service.url, { room: 'taken' });
  const response = await post(`${service.url}/api/rooms`, { room: 'taken' });
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({ code: 'conflict', detail: 'A room named taken exists already.' });
});

test.each(['No Caps', 'ab', 'a'.repeat(65), 'api', 'assets'])('the room id %j is refused by name', async (room) => {
  const response = await post(`${service.url}/api/rooms`, { room });
  expect(response.status).toBe(422);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect((await response.json()).detail[0].loc).toEqual(['body', 'room']);
});

test('wrong JSON is a clear error', async () => {
  const response = await post(`${service.url}/api/rooms`, '{');
  expect(response.status).toBe(400);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
});

test('a bad address shows a page that says so', async () => {
  const response = await fetch(`${service.url}/Not-A-Room`);
  expect(response.status).toBe(404);
  expect(await response.text()).toContain('This is not a room');
});

test('a bad room id at the API names the field', async () => {
  const response = await fetch(`${service.url}/api/rooms/NOPE`);
  expect(response.status).toBe(422);
  expect((await response.json()).detail[0]).toMatchObject({ loc: ['path', 'room'] });
});

test('an unknown room is not found', async () => {
  expect((await fetch(`${service.url}/api/rooms/nobody-here`)).status).toBe(404);
});

test('what a host may do needs the key of this very room', async () => {
  const [mine, other] = [await createRoom(service.url), await createRoom(service.url)];
  const end = `${service.url}/api/rooms/${mine.room}/end`;
  expect((await post(end)).status).toBe(422);
  expect((await post(end, {}, { 'x-host-key': other.host_key })).status).toBe(403);
  const admit = `${service.url}/api/rooms/${mine.room}/participants/nobody/admit`;
  expect((await post(admit, {}, { 'x-host-key': mine.host_key })).status).toBe(404);
  const ended = await post(end, {}, { 'x-host-key': mine.host_key });
  expect(await ended.json()).toMatchObject({ room: mine.room, state: 'ended' });
});

test('names behind a lobby are for the host only', async () => {
  const { room, host_key } = await createRoom(service.url, { lobby: true });
  using guest = await connect(room);
  await guest.ask({ type: 'join', name: 'Bob' });
  const view = async (headers: Record<string, string>) =>
    (await fetch(`${service.url}/api/rooms/${room}`, { headers })).json();
  expect(await view({})).not.toHaveProperty('waiting');
  expect(await view({ 'x-host-key': host_key })).toMatchObject({ waiting: [{ name: 'Bob' }], participants: [] });
});

test('the API admits, and removes, whom the lobby holds', async () => {
  const { room, host_key } = await createRoom(service.url, { lobby: true });
  using guest = await connect(room);
  const { self_id } = await guest.ask({ type: 'join', name: 'Bob' });
  const act = (verb: string) =>
    post(`${service.url}/api/rooms/${room}/participants/${self_id}/${verb}`, {}, { 'x-host-key': host_key });
  const joined = guest.next();
  expect(await (await act('admit')).json()).toMatchObject({ id: self_id, name: 'Bob', host: false });
  expect(await joined).toMatchObject({ type: 'joined', self: { id: self_id } });
  const closed = guest.next();
  expect((await act('remove')).status).toBe(200);
  expect(await closed).toEqual({ type: 'closed', reason: 'removed' });
});

test('every bad frame gets an error frame and the socket lives on', async () => {
  using guest = await connect('frames');
  expect(await guest.ask('not json')).toMatchObject({ type: 'error', code: 'bad_request' });
  expect(await guest.ask({ type: 'dance' })).toMatchObject({ code: 'validation_error', field: 'type' });
  expect(await guest.ask({ type: 'join', name: '  ' })).toMatchObject({ code: 'validation_error', field: 'name' });
  expect(await guest.ask({ type: 'state', muted: true })).toMatchObject({ code: 'forbidden' });
  expect(await guest.ask({ type: 'join', name: 'Ann' })).toMatchObject({ type: 'joined', self: { host: true } });
  using second = await connect('frames');
  await second.ask({ type: 'join', name: 'Bob' });
  expect(await second.ask({ type: 'end' })).toMatchObject({ code: 'forbidden' });
});

test('a socket to a bad room id is refused with a problem', async () => {
  const socket = new WebSocket(`${service.url.replace('http', 'ws')}/api/rooms/NOPE/ws`);
  const [, response] = await once(socket, 'unexpected-response');
  expect(response.statusCode).toBe(422);
  expect(response.headers['content-type']).toBe('application/problem+json');
  response.resume();
});
