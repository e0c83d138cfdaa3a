import type { LiveFrame } from '@vexa/shared/contracts/live-frames';
import { SseReader } from '@vexa/shared/testing/sse-reader';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterEach, expect, test } from 'vitest';
import { newRoom, type User, useRetailer } from './fixture.ts';

const retailer = useRetailer();
const { wholesaler } = retailer;
const readers: SseReader[] = [];

afterEach(async () => {
  for (const reader of readers.splice(0)) await reader[Symbol.asyncDispose]();
});

async function follow(user: User, room: string, lastId?: string): Promise<SseReader> {
  const headers = { 'x-api-key': user.key, ...(lastId === undefined ? {} : { 'last-event-id': lastId }) };
  const reader = await SseReader.open(`${retailer.url}/transcripts/local/${room}/live`, headers);
  readers.push(reader);
  return reader;
}

const publish = (room: string, words: string): void => {
  const frame: LiveFrame = {
    type: 'transcript.finalized',
    meeting: { platform: 'local', native_id: room },
    payload: { segments: wholesaler.say(room, words) },
    ts: new Date().toISOString(),
  };
  wholesaler.publish(frame);
};

async function activeMeeting(...users: User[]): Promise<string> {
  const room = newRoom();
  for (const user of users) await user.start(room);
  wholesaler.setStatus(room, 'active');
  wholesaler.say(room, 'before');
  return room;
}

const textsOf = (reader: SseReader) => Object.values(reader.texts());
const hears = (reader: SseReader, ...texts: string[]) =>
  waitFor(`${texts} (has ${textsOf(reader)})`, () => JSON.stringify(textsOf(reader)) === JSON.stringify(texts));

test('followers of a meeting hear it through one upstream socket, up to its end', async () => {
  const [ann, bob] = [await retailer.addUser(), await retailer.addUser()];
  const room = await activeMeeting(ann, bob);
  const followers = [await follow(ann, room), await follow(bob, room)];
  for (const reader of followers) {
    expect(reader.response.headers.get('content-type')).toContain('text/event-stream');
    const snapshot = await reader.next('the snapshot', ({ event }) => event === 'snapshot');
    expect(snapshot.data).toMatchObject({ native_meeting_id: room, source: 'live', segments: [{ text: 'before' }] });
    await reader.next('the status', ({ event, data }) => event === 'status' && data.status === 'active');
  }
  publish(room, 'after');
  for (const reader of followers) await hears(reader, 'before', 'after');
  expect(wholesaler.sockets.size).toBe(1);
  wholesaler.say(room, 'never framed');
  wholesaler.end(room);
  await retailer.announce(wholesaler.finishedEvent(room));
  for (const reader of followers) {
    await waitFor('the end of the stream', () => reader.ended);
    expect(reader.ended).toBe('closed');
    expect(reader.events.slice(-2)).toMatchObject([
      { event: 'status', data: { status: 'completed' } },
      { event: 'end', data: { status: 'completed' } },
    ]);
    expect(textsOf(reader)).toEqual(['before', 'after', 'never framed']);
    const told = reader.events.flatMap(({ data }) => (data.segments ?? []) as { segment_id: string }[]);
    expect(new Set(told.map(({ segment_id }) => segment_id)).size).toBe(told.length);
  }
});

test('who comes back with the last id is told only what is new; another id is told everything', async () => {
  const user = await retailer.addUser();
  const room = await activeMeeting(user);
  const first = await follow(user, room);
  await hears(first, 'before');
  await first[Symbol.asyncDispose]();
  publish(room, 'meanwhile');
  const second = await follow(user, room, first.lastId);
  await hears(second, 'meanwhile');
  expect(second.events.map(({ event }) => event)).not.toContain('snapshot');
  const stranger = await follow(user, room, 'zzz.9');
  await hears(stranger, 'before', 'meanwhile');
});

test('what the socket did not bring is made up for: words said in a gap, and words taken back', async () => {
  const user = await retailer.addUser();
  const room = await activeMeeting(user);
  const reader = await follow(user, room);
  await hears(reader, 'before');
  {
    await using _ = await wholesaler.away();
    wholesaler.say(room, 'in the gap');
  }
  await hears(reader, 'before', 'in the gap');
  wholesaler.latest(room).segments.pop();
  await hears(reader, 'before');
});

test('a meeting that is over is told from the own database, with its end, also while the wholesaler is away', async () => {
  const user = await retailer.addUser();
  const room = await activeMeeting(user);
  wholesaler.end(room);
  await retailer.announce(wholesaler.finishedEvent(room));
  await user.history(room);
  await using _ = await wholesaler.away();
  const reader = await follow(user, room);
  await waitFor('the end', () => reader.ended);
  expect(reader.events.map(({ event }) => event)).toEqual(['snapshot', 'status', 'end']);
  expect(reader.events[0]?.data).toMatchObject({ source: 'history', segments: [{ text: 'before' }] });
  const again = await follow(user, room, reader.lastId);
  await waitFor('the end', () => again.ended);
  expect(again.events.map(({ event }) => event)).toEqual(['status', 'end']);
});

test('without a key, the scope, a meeting of one’s own or the wholesaler, nothing is followed', async () => {
  const [owner, stranger] = [await retailer.addUser(), await retailer.addUser()];
  const sender = await retailer.addUser({ scopes: ['bot'] });
  const room = await activeMeeting(owner, sender);
  const path = `/transcripts/local/${room}/live`;
  expect((await fetch(retailer.url + path)).status).toBe(401);
  expect((await sender.call('GET', path)).status).toBe(403);
  expect((await stranger.call('GET', path)).status).toBe(404);
  expect((await owner.call('GET', `/transcripts/skype/${room}/live`)).status).toBe(422);
  expect((await owner.call('GET', `${path}?meeting_id=99999999999`)).status).toBe(404);
  await using _ = await wholesaler.away();
  const away = await owner.call('GET', path);
  expect([away.status, away.body.code]).toEqual([503, 'unavailable']);
  expect(away.headers.get('retry-after')).toBeTruthy();
});
