import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect, test } from 'vitest';
import { newRoom, useRetailer } from './fixture.ts';

const retailer = useRetailer((config) => ({ ...config, startGraceMs: 0 }));
const { wholesaler } = retailer;

const sync = async () => (await retailer.admin('POST', '/admin/wholesaler/sync')).body;
const kindsOf = (report: { drift: { kind: string }[] }) => report.drift.map(({ kind }) => kind);

test('meetings whose webhooks were all dropped are complete after one sync', async () => {
  const user = await retailer.addUser();
  const rooms = [newRoom(), newRoom(), newRoom()];
  for (const room of rooms) {
    await user.start(room);
    wholesaler.say(room, 'one', 'two');
    wholesaler.end(room);
  }
  const report = await sync();
  expect(kindsOf(report)).toEqual(['missed_end', 'missed_end', 'missed_end']);
  for (const room of rooms) expect((await user.history(room)).segments).toHaveLength(2);
  await waitFor('a clean wholesaler', () => rooms.every((room) => wholesaler.latest(room).deleted));
  expect((await retailer.admin('GET', '/admin/wholesaler')).body.last_sync).toEqual(report);
  expect(kindsOf(await sync())).toEqual([]);
});

test('a meeting that is over is found by the sync at start-up', async () => {
  const user = await retailer.addUser();
  const room = newRoom();
  await user.start(room);
  wholesaler.say(room, 'said while nobody listened');
  await retailer.stopService();
  wholesaler.end(room);
  await retailer.restart();
  expect((await user.history(room)).segments).toHaveLength(1);
});

test('a start that a crash cut off is repeated under the same key', async () => {
  const user = await retailer.addUser();
  const room = newRoom();
  const { id } = (await user.start(room)).body;
  const upstream = wholesaler.latest(room).meeting.id;
  const request = JSON.stringify({ platform: 'local', native_meeting_id: room });
  await retailer.connection.sql`
    update meetings set wholesaler_meeting_id = null, start_request = ${request}::jsonb where id = ${id}`;
  expect(kindsOf(await sync())).toEqual(['start_repeated']);
  expect((await user.meeting(room)).body.data.wholesaler_meeting_id).toBe(upstream);
});

test('a start that everybody gave up meanwhile is found and stopped, not repeated', async () => {
  const user = await retailer.addUser();
  const room = newRoom();
  const { id } = (await user.start(room)).body;
  await retailer.connection.sql`update meetings set wholesaler_meeting_id = null where id = ${id}`;
  await user.leave(room);
  const starts = wholesaler.count('POST', '/bots');
  expect(kindsOf(await sync())).toEqual(['start_found']);
  expect(wholesaler.count('POST', '/bots')).toBe(starts);
  expect(wholesaler.latest(room).meeting.status).toBe('stopping');
});

test('a bot that started although its start had failed is sent away and cleaned up', async () => {
  const user = await retailer.addUser();
  const room = newRoom();
  const held = wholesaler.hold('POST', '/bots');
  const failed = await user.start(room);
  expect(failed.status).toBe(504);
  expect((await user.meeting(room)).body.status).toBe('failed');
  held.release();
  await waitFor('the orphan', () => {
    try {
      return wholesaler.latest(room);
    } catch {
      return undefined;
    }
  });
  expect(kindsOf(await sync())).toContain('orphan_stopped');
  expect(wholesaler.latest(room).meeting.status).toBe('stopping');
  wholesaler.end(room, 'failed');
  await sync();
  await waitFor('a clean wholesaler', () => wholesaler.latest(room).deleted);
});

test('an event that came before the wholesaler id was kept is applied by the sync', async () => {
  const user = await retailer.addUser();
  const room = newRoom();
  const { id } = (await user.start(room)).body;
  wholesaler.say(room, 'quick');
  const request = JSON.stringify({ platform: 'local', native_meeting_id: room });
  await retailer.connection.sql`
    update meetings set wholesaler_meeting_id = null, start_request = ${request}::jsonb where id = ${id}`;
  wholesaler.end(room);
  expect((await retailer.announce(wholesaler.finishedEvent(room))).status).toBe(202);
  const report = await sync();
  expect(report.drift).toEqual([{ meeting_id: id, kind: 'start_repeated' }]);
  expect(report.events_applied).toBeLessThanOrEqual(1);
  expect((await user.history(room)).segments).toHaveLength(1);
});

test('a bot whose users were all deleted is sent away', async () => {
  const user = await retailer.addUser();
  const room = newRoom();
  await user.start(room);
  await retailer.admin('DELETE', `/admin/users/${user.id}`);
  expect(kindsOf(await sync())).toEqual(['nobody_attends']);
  expect(wholesaler.latest(room).meeting.status).toBe('stopping');
});
