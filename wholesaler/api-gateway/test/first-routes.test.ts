import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWholesaler } from './property/wholesaler.ts';

let wholesaler: Awaited<ReturnType<typeof startWholesaler>>;
beforeAll(async () => {
  wholesaler = await startWholesaler();
});
afterAll(() => wholesaler?.edge.stack.disposeAsync());

async function call(key: string | undefined, path: string, body?: unknown) {
  const response = await fetch(wholesaler.url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json', ...(key ? { 'x-api-key': key } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

test('a client of the first version starts, looks, reads and stops, named by their id or email', async () => {
  const { user, key } = await wholesaler.edge.newKey();
  const user_id = String(user.id);
  const meeting = { user_id, meeting_id: 'meeting456', meeting_title: 'Team Weekly Sync' };
  expect(await call(key, '/bot/run', meeting)).toMatchObject({
    status: 200,
    body: { status: 'success', message: `Bot started for user ${user_id}`, details: { meeting_id: 'meeting456' } },
  });
  const again = await call(key, '/bot/run', meeting);
  expect(again).toMatchObject({ status: 409, body: { code: 'meeting_already_active' } });
  const status = await call(key, `/bot/status/${encodeURIComponent(user.email)}`);
  expect(status).toMatchObject({
    status: 200,
    body: { status: 'success', bots: [{ platform: 'local', native_meeting_id: 'meeting456' }] },
  });
  expect(await call(key, `/transcript/${user_id}/meeting456`)).toEqual({
    status: 200,
    body: { status: 'success', meeting_id: 'meeting456', user_id, transcriptions: [] },
  });
  expect(await call(key, '/bot/stop', { user_id, meeting_id: 'meeting456' })).toMatchObject({
    status: 200,
    body: { status: 'success', message: `Bot(s) stopped for user ${user_id}` },
  });
});

test('a meeting that is named by its link is found by the name its caller gave it', async () => {
  const { user, key } = await wholesaler.edge.newKey();
  const user_id = String(user.id);
  const meeting_url = 'https://meet.google.com/abc-defg-hij';
  expect((await call(key, '/bot/run', { user_id, meeting_id: 'Our planning', meeting_url })).status).toBe(200);
  expect((await call(key, `/transcript/${user_id}/${encodeURIComponent('Our planning')}`)).status).toBe(200);
  const { body } = await call(key, '/bot/stop', { user_id });
  expect(body).toMatchObject({ details: [{ message: expect.any(String) }] });
});

test('a client that serves users of its own names them, and each has their own bots', async () => {
  const { user, key } = await wholesaler.edge.newKey();
  await wholesaler.edge.adminCall('PATCH', `/admin/users/${user.id}`, { max_concurrent_bots: 5 });
  const run = (user_id: string, meeting_id: string) => call(key, '/bot/run', { user_id, meeting_id });
  expect((await run('user123', 'meeting456')).body).toMatchObject({ message: 'Bot started for user user123' });
  expect((await run('user124', 'meeting457')).status).toBe(200);
  const botsOf = async (user_id: string) => {
    const { body } = await call(key, `/bot/status/${user_id}`);
    return (body as { bots: { native_meeting_id: string }[] }).bots.map((bot) => bot.native_meeting_id).sort();
  };
  expect(await botsOf('user123')).toEqual(['meeting456']);
  expect(await botsOf(String(user.id))).toEqual(['meeting456', 'meeting457']);
  expect((await call(key, '/transcript/user123/meeting456')).body).toMatchObject({ user_id: 'user123' });
  expect((await call(key, '/transcript/user124/meeting456')).status).toBe(404);
  expect((await call(key, '/bot/stop', { user_id: 'user124', meeting_id: 'meeting456' })).status).toBe(404);
  expect((await call(key, '/bot/stop', { user_id: 'user124' })).body).toMatchObject({ details: [{}] });
  expect(await botsOf('user123')).toEqual(['meeting456']);
});

test('nobody reaches what is not theirs', async () => {
  const [ann, bob] = [await wholesaler.edge.newKey(), await wholesaler.edge.newKey()];
  const meeting = { user_id: String(ann.user.id), meeting_id: 'private-room' };
  expect((await call(ann.key, '/bot/run', meeting)).status).toBe(200);
  const asks = [
    ['/bot/run', meeting],
    ['/bot/stop', meeting],
    [`/bot/status/${ann.user.id}`],
    [`/transcript/${ann.user.id}/private-room`],
  ] as const;
  for (const [path, body] of asks) {
    expect([path, (await call(undefined, path, body)).status]).toEqual([path, 401]);
  }
  for (const user_id of [String(ann.user.id), ann.user.email]) {
    expect((await call(bob.key, '/bot/stop', { ...meeting, user_id })).status).toBe(404);
    expect((await call(bob.key, '/bot/stop', { user_id })).body).toMatchObject({ details: [] });
    expect((await call(bob.key, `/bot/status/${user_id}`)).body).toMatchObject({ bots: [] });
    expect((await call(bob.key, `/transcript/${user_id}/private-room`)).status).toBe(404);
  }
  const mine = { user_id: String(bob.user.id), meeting_id: 'private-room' };
  expect((await call(bob.key, '/bot/stop', mine)).body).toMatchObject({ status: 404, detail: 'Meeting not found' });
  expect((await call(bob.key, `/transcript/${bob.user.id}/private-room`)).status).toBe(404);
  const reader = await wholesaler.edge.newKey(['tx']);
  const theirs = { user_id: String(reader.user.id), meeting_id: 'some-room' };
  expect((await call(reader.key, '/bot/run', theirs)).body).toMatchObject({ status: 403, code: 'forbidden' });
  const bad = await call(ann.key, '/bot/run', { ...meeting, meeting_id: 'No such room name' });
  expect(bad.body).toMatchObject({ status: 422, detail: [{ loc: ['body', 'native_meeting_id'] }] });
});
