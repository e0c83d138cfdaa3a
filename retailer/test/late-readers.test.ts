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
  wholesaler.publish({
    type: 'transcript.finalized',
    meeting: { platform: 'local', native_id: room },
    payload: { segments: wholesaler.latest(room).segments },
    ts: new Date().toISOString(),
  });
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

test('by default a late user reads all of it', async () => {
  const { room, bob } = await meetingWithLateBob(open);
  expect(textsOf((await bob.transcript(room)).body.segments)).toHaveLength(3);
});
