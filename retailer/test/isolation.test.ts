import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { newRoom, useRetailer } from './fixture.ts';

const retailer = useRetailer();
const { wholesaler } = retailer;

test('a third user sees nothing of a shared meeting, live or finished', async () => {
  const [ann, bob, eve] = await Promise.all([retailer.addUser(), retailer.addUser(), retailer.addUser()]);
  const room = newRoom();
  const { id } = (await ann.start(room, { metadata: { project: 'apollo' } })).body;
  await bob.start(room);
  wholesaler.setStatus(room, 'active');
  wholesaler.say(room, 'our secret');

  const eveSeesNothing = async () => {
    const paths = [
      ['GET', `/meetings/local/${room}`],
      ['GET', `/meetings/local/${room}?meeting_id=${id}`],
      ['GET', `/transcripts/local/${room}`],
      ['GET', `/transcripts/local/${room}?meeting_id=${id}`],
      ['DELETE', `/bots/local/${room}`],
      ['DELETE', `/meetings/local/${room}`],
      ['DELETE', `/meetings/local/${room}?meeting_id=${id}`],
    ] as const;
    for (const [method, path] of paths) expect([path, (await eve.call(method, path)).status]).toEqual([path, 404]);
    const patch = await eve.call('PATCH', `/meetings/local/${room}`, { data: { name: 'mine' } });
    const change = await eve.call('PUT', `/bots/local/${room}/config`, { language: 'de' });
    expect([patch.status, change.status]).toEqual([404, 404]);
    expect((await eve.call('GET', '/meetings')).body.meetings).toEqual([]);
    expect((await eve.call('GET', '/bots/status')).body.running_bots).toEqual([]);
  };
  await eveSeesNothing();
  expect((await bob.transcript(room)).body.segments).toMatchObject([{ text: 'our secret' }]);
  wholesaler.end(room);
  await retailer.announce(wholesaler.finishedEvent(room));
  await Promise.all([ann.history(room), bob.history(room)]);
  await eveSeesNothing();
});

test('what one user writes about a shared meeting is theirs alone', async () => {
  const [ann, bob] = await Promise.all([retailer.addUser(), retailer.addUser()]);
  const room = newRoom();
  await ann.start(room, { metadata: { project: 'apollo' } });
  await bob.start(room);
  const data = { name: 'Raise for Bob', notes: 'not too much' };
  expect((await ann.call('PATCH', `/meetings/local/${room}`, { data })).body.data).toMatchObject(data);
  const bobs = (await bob.meeting(room)).body;
  expect(bobs.metadata).toEqual({});
  expect(bobs.user_id).toBe(bob.id);
  expect(JSON.stringify(bobs)).not.toMatch(/Raise|too much|apollo/);
  expect((await ann.meeting(room)).body).toMatchObject({ data, metadata: { project: 'apollo' } });
  expect((await ann.call('PATCH', `/meetings/local/${room}`, { data: {} })).status).toBe(400);
  expect((await ann.call('PATCH', `/meetings/local/${room}`, { data: { nmae: 'x' } })).status).toBe(422);
});

test('deleting takes the own copy away, and the text with the last one', async () => {
  const [ann, bob] = await Promise.all([retailer.addUser(), retailer.addUser()]);
  const room = newRoom();
  const { id } = (await ann.start(room)).body;
  await bob.start(room);
  wholesaler.say(room, 'words to forget');
  wholesaler.end(room);
  await retailer.announce(wholesaler.finishedEvent(room));
  await ann.history(room);
  const remove = (user: typeof ann) => user.call('DELETE', `/meetings/local/${room}?meeting_id=${id}`);
  const kept = () => retailer.connection.sql`select text from transcriptions where meeting_id = ${id}`;
  expect((await remove(ann)).status).toBe(200);
  expect((await remove(ann)).status).toBe(200);
  expect((await ann.transcript(room)).status).toBe(404);
  expect((await ann.call('GET', '/meetings')).body.meetings).toEqual([]);
  expect((await bob.history(room)).segments).toHaveLength(1);
  expect(await kept()).toHaveLength(1);
  expect((await remove(bob)).status).toBe(200);
  expect(await kept()).toHaveLength(0);
});

test('meetings are listed newest first, page by page', async () => {
  const user = await retailer.addUser();
  const rooms = [newRoom(), newRoom(), newRoom()];
  for (const room of rooms) await user.start(room);
  const first = (await user.call('GET', '/meetings?limit=2')).body;
  const second = (await user.call('GET', `/meetings?limit=2&cursor=${first.next_cursor}`)).body;
  const names = [...first.meetings, ...second.meetings].map((meeting) => meeting.native_meeting_id);
  expect(names).toEqual([...rooms].reverse());
  expect(second.next_cursor).toBeNull();
  expect((await user.call('GET', '/meetings?cursor=nonsense')).status).toBe(422);
  const [last, middle] = [...rooms].reverse();
  const listed = async (query: string) =>
    (await user.call('GET', `/meetings?${query}`)).body.meetings.map(
      (m: { native_meeting_id: string }) => m.native_meeting_id,
    );
  expect(await listed('offset=1&limit=1')).toEqual([middle]);
  await user.call('PATCH', `/meetings/local/${last}`, { data: { name: 'Weekly' } });
  expect(await listed('search=weekl')).toEqual([last]);
  expect(await listed(`search=${middle?.toUpperCase()}`)).toEqual([middle]);
});

test("a deleted user's words go with the next sync", async () => {
  const user = await retailer.addUser();
  const room = newRoom();
  const { id } = (await user.start(room)).body;
  wholesaler.say(room, 'gone with me');
  wholesaler.end(room);
  await retailer.announce(wholesaler.finishedEvent(room));
  await user.history(room);
  await retailer.admin('DELETE', `/admin/users/${user.id}`);
  expect((await user.meeting(room)).status).toBe(401);
  await retailer.admin('POST', '/admin/wholesaler/sync');
  expect(await retailer.connection.sql`select 1 from transcriptions where meeting_id = ${id}`).toHaveLength(0);
});

test('the operator routes want the admin key on both listeners', async () => {
  const user = await retailer.addUser();
  for (const url of [retailer.url, retailer.adminUrl]) {
    for (const path of ['/admin/users', '/admin/wholesaler']) {
      expect((await fetch(url + path)).status).toBe(401);
      expect((await fetch(url + path, { headers: { 'x-admin-api-key': user.key } })).status).toBe(401);
      expect((await fetch(url + path, { headers: { 'x-admin-api-key': 'operator-key-0123456789' } })).status).toBe(200);
    }
  }
  expect((await fetch(`${retailer.adminUrl}/meetings`, { headers: { 'x-api-key': user.key } })).status).toBe(404);
});

test('the committed openapi.json is the served one (npm run openapi writes it anew)', async () => {
  const served = await (await fetch(`${retailer.url}/openapi.json`)).json();
  const committed = JSON.parse(await readFile(new URL('../openapi.json', import.meta.url), 'utf8'));
  expect(served).toEqual(committed);
  expect(Object.keys(committed.paths)).toEqual(
    expect.arrayContaining(['/bots', '/transcripts/{platform}/{native_meeting_id}', '/webhooks/meeting-finished']),
  );
});
