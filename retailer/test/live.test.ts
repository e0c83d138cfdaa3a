import type { LiveFrame } from '@vexa/shared/contracts/live-frames';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import { newRoom, type User, useRetailer } from './fixture.ts';

const retailer = useRetailer();
const { wholesaler } = retailer;
const clients: Client[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.socket.terminate();
});

class Client {
  readonly frames: LiveFrame[] = [];
  readonly socket: WebSocket;
  closed: number | undefined;

  constructor(key: string | undefined) {
    const url = `${retailer.url.replace('http', 'ws')}/ws`;
    this.socket = new WebSocket(url, key === undefined ? {} : { headers: { 'x-api-key': key } });
    this.socket.on('message', (data) => this.frames.push(JSON.parse(String(data))));
    this.socket.on('close', (code) => {
      this.closed = code;
    });
    clients.push(this);
  }

  of(type: string): LiveFrame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  texts(): string[] {
    return this.frames
      .flatMap((frame) => ('payload' in frame && 'segments' in frame.payload ? frame.payload.segments : []))
      .map((segment) => segment.text);
  }
}

async function listen(user: User, ...rooms: string[]): Promise<Client> {
  const client = new Client(user.key);
  await waitFor('an open socket', () => client.socket.readyState === WebSocket.OPEN);
  const meetings = rooms.map((native_id) => ({ platform: 'local', native_id }));
  client.socket.send(JSON.stringify({ action: 'subscribe', meetings }));
  await waitFor('an answer', () => client.frames.length > 0);
  return client;
}

const said = (room: string, words: string): LiveFrame => ({
  type: 'transcript.finalized',
  meeting: { platform: 'local', native_id: room },
  payload: { segments: wholesaler.say(room, words) },
  ts: new Date().toISOString(),
});

test('many users hear a meeting through one upstream socket, and only those who hold it', async () => {
  const [ann, bob, eve] = await Promise.all([retailer.addUser(), retailer.addUser(), retailer.addUser()]);
  const [room, evesRoom] = [newRoom(), newRoom()];
  await ann.start(room);
  await bob.start(room);
  await eve.start(evesRoom);
  const [anns, bobs, eves] = [await listen(ann, room), await listen(bob, room), await listen(eve, room, evesRoom)];
  expect(eves.of('subscribed')).toMatchObject([{ meetings: [{ native_id: evesRoom }] }]);
  expect((await waitFor('a refusal', () => eves.of('error')[0])).type).toBe('error');
  wholesaler.publish(said(room, 'hello'));
  wholesaler.publish(said(evesRoom, 'for eve'));
  await waitFor('both to hear', () => anns.texts().length > 0 && bobs.texts().length > 0 && eves.texts().length > 0);
  expect([anns.texts(), bobs.texts(), eves.texts()]).toEqual([['hello'], ['hello'], ['for eve']]);
  expect(wholesaler.sockets.size).toBe(1);
  const handshake = wholesaler.requests.findLast(({ method }) => method === 'WS');
  expect(JSON.stringify(handshake)).not.toContain(ann.key);
});

test('what was said while the upstream socket was broken is made up for', async () => {
  const user = await retailer.addUser();
  const room = newRoom();
  await user.start(room);
  const client = await listen(user, room);
  wholesaler.publish(said(room, 'before'));
  await waitFor('the first words', () => client.texts().includes('before'));
  await wholesaler.stop();
  said(room, 'meanwhile');
  await wholesaler.start();
  await waitFor('the missed words', () => client.texts().includes('meanwhile'));
  wholesaler.publish(said(room, 'after'));
  await waitFor('the next words', () => client.texts().includes('after'));
  const ids = new Map(
    client.frames
      .flatMap((frame) => ('payload' in frame && 'segments' in frame.payload ? frame.payload.segments : []))
      .map((segment) => [segment.segment_id, segment.text]),
  );
  expect([...ids.values()]).toEqual(['before', 'meanwhile', 'after']);
});

test('whoever held the last meeting of a room does not hear the next one, but hears how theirs ended', async () => {
  const [ann, bob] = await Promise.all([retailer.addUser(), retailer.addUser()]);
  const room = newRoom();
  await ann.start(room);
  const anns = await listen(ann, room);
  wholesaler.end(room);
  await retailer.announce(wholesaler.finishedEvent(room));
  await ann.history(room);
  expect(await waitFor('the end', () => anns.of('meeting.status')[0])).toMatchObject({
    payload: { status: 'completed' },
  });
  expect((await bob.start(room)).status).toBe(201);
  const bobs = await listen(bob, room);
  wholesaler.publish(said(room, 'for bob alone'));
  await waitFor('bob to hear', () => bobs.texts().length > 0);
  expect(anns.texts()).toEqual([]);
});

test('a socket without a key is told so and closed, and a revoked key closes its socket', async () => {
  const nobody = new Client(undefined);
  await waitFor('the close', () => nobody.closed);
  expect([nobody.frames[0], nobody.closed]).toEqual([{ type: 'error', error: 'missing_api_key' }, 4401]);
  const user = await retailer.addUser();
  const client = new Client(user.key);
  client.socket.on('open', () => client.socket.send('{"action":"ping"}'));
  await waitFor('a pong', () => client.of('pong')[0]);
  await retailer.admin('DELETE', `/admin/tokens/${user.key}`);
  expect(await waitFor('the close', () => client.closed)).toBe(4401);
});
