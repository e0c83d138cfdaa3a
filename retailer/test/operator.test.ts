import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect, test } from 'vitest';
import { newRoom, useRetailer } from './fixture.ts';
import { startReceiver } from './receiver.ts';

const retailer = useRetailer();
const { wholesaler } = retailer;

test('everybody who holds a meeting is told of its steps, and can look up, test and replay what was sent', async () => {
  await using receiver = await startReceiver();
  const [ann, bob, eve] = [await retailer.addUser(), await retailer.addUser(), await retailer.addUser()];
  for (const user of [ann, eve]) await user.call('PUT', '/user/webhook', { webhook_url: receiver.url });
  await bob.call('PUT', '/user/webhook', { webhook_url: receiver.url, webhook_events: ['meeting.started'] });
  const room = newRoom();
  const { id } = (await ann.start(room)).body;
  await bob.start(room);
  wholesaler.setStatus(room, 'active');
  await ann.meeting(room);
  wholesaler.say(room, 'one', 'two');
  wholesaler.end(room);
  await retailer.announce(wholesaler.finishedEvent(room));
  await ann.history(room);
  const deliveries = async (user: typeof ann) => (await user.call('GET', '/user/webhook/deliveries')).body.deliveries;
  const all = await waitFor('all of it to be delivered', async () => {
    const rows: { event_type: string; status: string }[] = await deliveries(ann);
    return rows.length === 5 && rows.every(({ status }) => status === 'delivered') ? rows : undefined;
  });
  expect(all.map(({ event_type }) => event_type).sort()).toEqual([
    'meeting.finished',
    'meeting.started',
    'meeting.status_change',
    'meeting.status_change',
    'transcript.ready',
  ]);
  expect(await deliveries(bob)).toMatchObject([{ event_type: 'meeting.started' }]);
  expect(await deliveries(eve)).toEqual([]);
  const finished = receiver.received
    .map(({ body }) => JSON.parse(body))
    .find(({ type }) => type === 'meeting.finished');
  expect(finished.data).toMatchObject({ meeting_id: id, segment_count: 2, completion_reason: 'meeting_ended' });

  const tested = await eve.call('POST', '/user/webhook/test');
  expect([tested.status, tested.body.event_type]).toEqual([202, 'webhook.test']);
  const replay = (user: typeof ann) => user.call('POST', `/user/webhook/deliveries/${tested.body.id}/replay`);
  expect((await replay(ann)).status).toBe(404);
  expect((await replay(eve)).status).toBe(202);
  expect((await bob.call('POST', '/user/webhook/deliveries/no-id/replay')).status).toBe(422);
  const isDelivered = async () => (await deliveries(eve))[0]?.status === 'delivered';
  await waitFor('the replay, whose outcome would be written over ours', isDelivered);
  await retailer.connection.sql`update webhook_deliveries set status = 'dead' where id = ${tested.body.id}`;
  expect((await retailer.admin('GET', '/admin/webhooks/dead')).body.deliveries).toMatchObject([{ user_id: eve.id }]);
  expect((await retailer.admin('POST', `/admin/webhooks/${tested.body.id}/replay`)).status).toBe(202);
});

test('the operator sees how users and meetings are doing, and nobody else does', async () => {
  const [ann, bob] = [await retailer.addUser(), await retailer.addUser()];
  const room = newRoom();
  const { id } = (await ann.start(room)).body;
  await bob.start(room);
  wholesaler.say(room, 'one', 'two');
  wholesaler.end(room);
  await retailer.announce(wholesaler.finishedEvent(room));
  await ann.history(room);
  const analytics = '/admin/analytics';
  const telematics = (await retailer.admin('GET', `${analytics}/meetings/${id}/telematics`)).body;
  expect(telematics).toMatchObject({
    meeting: { id, native_meeting_id: room },
    sessions: [],
    transcription_stats: { total_transcriptions: 2, unique_speakers: 2, languages_detected: ['en'] },
  });
  for (const user of [ann, bob]) {
    const { body } = await retailer.admin('GET', `${analytics}/users/${user.id}/details`);
    expect(body).toMatchObject({
      user: { id: user.id },
      meeting_stats: { total_meetings: 1, completed_meetings: 1, active_meetings: 0 },
      usage: { models: [{ model_identifier: 'default', used_seconds: 4.246 }] },
    });
  }
  const users: { id: number; last_meeting_at: string | null }[] = (await retailer.admin('GET', `${analytics}/users`))
    .body;
  expect(users.find((user) => user.id === bob.id)?.last_meeting_at).toBeTruthy();
  expect((await retailer.admin('GET', `${analytics}/meetings?limit=1`)).body).toMatchObject([{ id }]);
  const withUsers = (await retailer.admin('GET', '/admin/stats/meetings-users?limit=1')).body;
  expect(withUsers).toMatchObject({ items: [{ id, user: { id: ann.id } }], next_cursor: expect.any(String) });
  expect((await retailer.admin('GET', `${analytics}/meetings/999999/telematics`)).status).toBe(404);
  for (const path of ['/users', '/meetings', `/meetings/${id}/telematics`, `/users/${ann.id}/details`]) {
    expect((await fetch(retailer.adminUrl + analytics + path)).status).toBe(401);
  }
});
