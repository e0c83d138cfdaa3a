import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect, test } from 'vitest';
import { newRoom, type User, useRetailer } from './fixture.ts';
import { startReceiver } from './receiver.ts';

const retailer = useRetailer();
const { wholesaler } = retailer;

/** A meeting of `users` in which three things were said. */
async function held(...users: User[]): Promise<string> {
  const room = newRoom();
  for (const user of users) await user.start(room);
  wholesaler.setStatus(room, 'active');
  wholesaler.say(room, 'good morning', 'and to you', 'let us begin');
  return room;
}

const settled = () =>
  waitFor(
    'an empty finish queue',
    async () => (await retailer.admin('GET', '/admin/wholesaler')).body.pending_finishes === 0,
  );

test('a finished meeting is pulled, kept, and deleted at the wholesaler; its shape stays the same', async () => {
  const user = await retailer.addUser();
  const room = await held(user);
  const live = (await user.transcript(room)).body;
  expect(live.source).toBe('live');
  expect((await user.call('DELETE', `/meetings/local/${room}`)).body.code).toBe('meeting_not_finalized');
  wholesaler.end(room);
  expect((await retailer.announce(wholesaler.finishedEvent(room))).status).toBe(202);
  const history = await user.history(room);
  expect(history.segments).toEqual(live.segments);
  expect(Object.keys(history)).toEqual(Object.keys(live));
  expect(history).toMatchObject({ id: live.id, status: 'completed', stale_since: null });
  await settled();
  expect(wholesaler.latest(room).deleted).toBe(true);
  expect((await user.history(room)).segments).toEqual(live.segments);
  const meeting = (await user.meeting(room)).body;
  expect(meeting).toMatchObject({
    status: 'completed',
    completion_reason: 'meeting_ended',
    data: { is_live: false, transcript_cached: true, transcript_incomplete: false },
  });
  expect(meeting.data.status_transition).toContainEqual(
    expect.objectContaining({ to: 'completed', source: 'wholesaler', reason: 'The meeting ended.' }),
  );
});

test('a signature that is wrong, missing, old or from the future is refused, and nothing happens', async () => {
  const user = await retailer.addUser();
  const room = await held(user);
  wholesaler.end(room);
  const event = wholesaler.finishedEvent(room);
  const minutes = (n: number) => new Date(Date.now() + n * 60_000);
  const answers = [
    await retailer.announce(event, { secret: 'somebody-elses-secret' }),
    await retailer.announce(event, { timestamp: minutes(-6) }),
    await retailer.announce(event, { timestamp: minutes(6) }),
    await user.call('POST', '/webhooks/meeting-finished', event),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
  const rows = await retailer.connection
    .sql`select 1 from inbound_webhooks where body->'data'->>'native_meeting_id' = ${room}`;
  expect(rows).toHaveLength(0);
  expect((await user.transcript(room)).body.source).toBe('live');
  expect((await retailer.announce({ no: 'event' })).status).toBe(422);
});

test('every secret of the list is accepted, so that it can be changed without a gap', async () => {
  const user = await retailer.addUser();
  const room = await held(user);
  wholesaler.end(room);
  const answer = await retailer.announce(wholesaler.finishedEvent(room), { secret: 'older-secret-0123456789' });
  expect(answer.status).toBe(202);
  await user.history(room);
});

test('the old body without an envelope does the same', async () => {
  const user = await retailer.addUser();
  const room = await held(user);
  wholesaler.end(room);
  const meeting_id = wholesaler.latest(room).meeting.id;
  expect((await retailer.announce({ platform: 'local', native_meeting_id: room, meeting_id })).status).toBe(202);
  expect((await user.history(room)).segments).toHaveLength(3);
});

test('an event sent three times, also late, is answered 200 and does nothing twice', async () => {
  await using receiver = await startReceiver();
  const user = await retailer.addUser();
  await user.call('PUT', '/user/webhook', { webhook_url: receiver.url, webhook_events: ['transcript.ready'] });
  const room = await held(user);
  wholesaler.end(room);
  const event = wholesaler.finishedEvent(room);
  expect((await retailer.announce(event, { id: `evt-${room}` })).status).toBe(202);
  await settled();
  expect((await retailer.announce(event, { id: `evt-${room}` })).status).toBe(200);
  expect((await retailer.announce(event, { id: `evt-${room}-again` })).status).toBe(202);
  await retailer.admin('POST', '/admin/wholesaler/sync');
  await settled();
  expect((await user.history(room)).segments).toHaveLength(3);
  const ready = await waitFor('the event for the user', () => receiver.received[0]);
  expect(JSON.parse(ready.body)).toMatchObject({
    type: 'transcript.ready',
    data: { native_meeting_id: room, segment_count: 3, incomplete: false },
  });
  const rows = await retailer.connection.sql`select 1 from webhook_deliveries where user_id = ${user.id}`;
  expect(rows).toHaveLength(1);
  expect(wholesaler.count('DELETE', `/meetings/local/${room}`)).toBe(1);
});

test('a transcript that does not fit its checksum is pulled again until it does', async () => {
  const user = await retailer.addUser();
  const room = await held(user);
  wholesaler.end(room);
  const event = wholesaler.finishedEvent(room);
  const last = wholesaler.latest(room).segments.pop()!;
  await retailer.announce(event);
  await waitFor('a second pull', () => wholesaler.count('GET', `/transcripts/local/${room}`) >= 2);
  expect(wholesaler.latest(room).deleted).toBe(false);
  expect((await user.transcript(room)).body.source).toBe('live');
  wholesaler.latest(room).segments.push(last);
  expect((await user.history(room)).segments).toHaveLength(3);
  await settled();
  expect(wholesaler.latest(room).deleted).toBe(true);
});

test('an event for a meeting that still runs ends nothing', async () => {
  const user = await retailer.addUser();
  const room = await held(user);
  await retailer.announce(wholesaler.finishedEvent(room));
  await settled();
  expect(wholesaler.latest(room).deleted).toBe(false);
  expect((await user.call('GET', '/bots/status')).body.running_bots).toMatchObject([{ native_meeting_id: room }]);
  wholesaler.end(room);
  await retailer.announce(wholesaler.finishedEvent(room));
  await user.history(room);
});

test('a new meeting under the same id is another one, and the old is read by its own id', async () => {
  const [ann, bob] = await Promise.all([retailer.addUser(), retailer.addUser()]);
  const room = await held(ann);
  const old = (await ann.meeting(room)).body.id;
  wholesaler.end(room);
  const again = await bob.start(room);
  expect(again.status).toBe(201);
  expect(again.body.id).not.toBe(old);
  wholesaler.say(room, 'for bob alone');
  expect((await ann.history(room)).segments).toHaveLength(3);
  expect((await bob.transcript(room)).body.segments).toMatchObject([{ text: 'for bob alone' }]);
  expect((await bob.transcript(room, `?meeting_id=${old}`)).status).toBe(404);
  expect((await ann.transcript(room, `?meeting_id=${again.body.id}`)).status).toBe(404);
});
