import { SseReader } from '@vexa/shared/testing/sse-reader';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { newRoom, type User, useRetailer } from './fixture.ts';

const strict = useRetailer((config) => ({ ...config, lateReaders: 'since_attached' }));
const open = useRetailer();

/** Ann is there from the beginning, Bob since the second sentence. */
async function meetingWithLateBob(retailer: typeof strict): Promise<{ room: string; bob: User; ann: User }> {
  const [ann, bob] = await Promise.all([retailer.addUser(), retailer.addUser()]);
  const room = newRoom();
  const { id } = (await ann.start(room)).body;
  await bob.start(room);
  retailer.wholesaler.setStatus(room, 'active');
  const [, second] = retailer.wholesaler.say(room, 'before he came', 'when he came', 'after he came');
  const { sql } = retailer.connection;
  await sql`update user_meetings set created_at = '2000-01-01' where meeting_id = ${id} and user_id = ${ann.id}`;
  await sql`update user_meetings set created_at = ${second?.absolute_start_time ?? ''}
    where meeting_id = ${id} and user_id = ${bob.id}`;
  return { room, ann, bob };
}

const textsOf = (segments: { text: string }[]) => segments.map(({ text }) => text);

test('with LATE_USERS_READ=since_attached a late user reads what was said since then, live and finished', async () => {
  const { room, ann, bob } = await meetingWithLateBob(strict);
  const { wholesaler } = strict;
  const frames: string[] = [];
  const socket = new WebSocket(`${strict.url.replace('http', 'ws')}/ws`, { headers: { 'x-api-key': bob.key } });
  socket.on('message', (data) => frames.push(String(data)));
  await waitFor('the socket', () => socket.readyState === WebSocket.OPEN);
  socket.send(JSON.stringify({ action: 'subscribe', meetings: [{ platform: 'local', native_id: room }] }));
  await waitFor('the subscription', () => frames.some((frame) => frame.includes('"subscribed"')));
  publishAll(strict, room);
  await waitFor('the words', () => frames.some((frame) => frame.includes('after he came')));
  expect(frames.join()).not.toContain('before he came');
  socket.terminate();

  const later = ['when he came', 'after he came'];
  expect(textsOf((await bob.transcript(room)).body.segments)).toEqual(later);
  expect(textsOf((await ann.transcript(room)).body.segments)).toEqual(['before he came', ...later]);
  wholesaler.end(room);
  await strict.announce(wholesaler.finishedEvent(room));
  expect(textsOf((await bob.history(room)).segments)).toEqual(later);
  expect(textsOf((await ann.history(room)).segments)).toEqual(['before he came', ...later]);
});

/** All of the meeting's words once more, as the wholesaler tells of corrections. */
const publishAll = (retailer: typeof strict, room: string): void =>
  retailer.wholesaler.publish({
    type: 'transcript.finalized',
    meeting: { platform: 'local', native_id: room },
    payload: { segments: retailer.wholesaler.latest(room).segments },
    ts: new Date().toISOString(),
  });

async function sharedBy(user: User, room: string): Promise<string> {
  const { status, body } = await user.call('POST', `/transcripts/local/${room}/share`, {});
  expect(status).toBe(201);
  return (await fetch(new URL(body.url, user.url))).text();
}

const hitsOf = async (user: User): Promise<string[]> =>
  (await user.call('GET', '/search?q=came')).body.hits.map(({ snippet }: { snippet: string }) => snippet);

test('neither an event stream, a link to share nor a search tells a late user what was said before', async () => {
  const { room, ann, bob } = await meetingWithLateBob(strict);
  const { wholesaler } = strict;
  const follow = (user: User, lastId = '') =>
    SseReader.open(`${strict.url}/transcripts/local/${room}/live`, { 'x-api-key': user.key, 'last-event-id': lastId });
  await using anns = await follow(ann);
  await using bobs = await follow(bob);
  const hears = (reader: SseReader, ...texts: string[]) =>
    waitFor(`${texts}`, () => JSON.stringify(Object.values(reader.texts())) === JSON.stringify(texts));
  const later = ['when he came', 'after he came'];
  await hears(anns, 'before he came', ...later);
  await hears(bobs, ...later);
  publishAll(strict, room);
  wholesaler.say(room, 'long after he came');
  publishAll(strict, room);
  await hears(anns, 'before he came', ...later, 'long after he came');
  await hears(bobs, ...later, 'long after he came');
  await using back = await follow(bob, anns.lastId);
  expect(await sharedBy(bob, room)).not.toContain('before he came');
  expect(await sharedBy(ann, room)).toContain('before he came');

  wholesaler.end(room);
  await strict.announce(wholesaler.finishedEvent(room));
  await bob.history(room);
  await waitFor('the end of the streams', () => anns.ended && bobs.ended && back.ended);
  expect(JSON.stringify([...bobs.events, ...back.events])).not.toContain('before he came');
  await using again = await follow(bob);
  await hears(again, ...later, 'long after he came');
  const shared = await sharedBy(bob, room);
  expect(shared).toContain('long after he came');
  expect(shared).not.toContain('before he came');
  expect(await hitsOf(bob)).toHaveLength(3);
  expect((await hitsOf(bob)).join()).not.toContain('before');
  expect(await hitsOf(ann)).toHaveLength(4);
});

test('by default a late user reads all of it', async () => {
  const { room, bob } = await meetingWithLateBob(open);
  expect(textsOf((await bob.transcript(room)).body.segments)).toHaveLength(3);
});
