import { expect, test } from 'vitest';
import { newRoom, useRetailer } from './fixture.ts';

const retailer = useRetailer();

test('a start answers 201 with our own id, and tells the wholesaler nothing of the user', async () => {
  const room = newRoom();
  const email = 'ann.secret@example.com';
  const user = await retailer.addUser({ email });
  const before = retailer.wholesaler.requests.length;
  const started = await user.call(
    'POST',
    '/bots',
    { platform: 'local', native_meeting_id: room, metadata: { project: 'apollo-secret' } },
    { 'x-request-id': 'my-own-request-id' },
  );
  expect(started.status).toBe(201);
  expect(started.body).toMatchObject({
    user_id: user.id,
    status: 'requested',
    metadata: { project: 'apollo-secret' },
    data: { is_live: true, transcript_cached: false },
  });
  const upstream = retailer.wholesaler.latest(room).meeting.id;
  expect(started.body.id).not.toBe(upstream);
  expect(started.body.data.wholesaler_meeting_id).toBe(upstream);
  retailer.wholesaler.setStatus(room, 'active');
  await user.transcript(room);
  await user.call('PUT', `/bots/local/${room}/config`, { language: 'de' });
  await user.leave(room);
  const wire = retailer.wholesaler.requests.slice(before);
  expect(wire.length).toBeGreaterThanOrEqual(4);
  for (const request of wire) {
    const all = JSON.stringify(request);
    for (const secret of [email, user.key, 'apollo-secret', 'my-own-request-id', `"user_id"`]) {
      expect(all).not.toContain(secret);
    }
    expect(request.headers['x-api-key']).toBe('vxa_system-key-0123456789');
    expect(request.headers['x-service-layer-id']).toBe('retailer-test');
  }
});

test('two users who ask in the same moment share one bot', async () => {
  const room = newRoom();
  const users = await Promise.all([retailer.addUser(), retailer.addUser(), retailer.addUser()]);
  const before = retailer.wholesaler.count('POST', '/bots');
  const answers = await Promise.all(users.map((user) => user.start(room)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  expect(answers.map(({ body }) => body.user_id)).toEqual(users.map(({ id }) => id));
  expect(retailer.wholesaler.count('POST', '/bots') - before).toBe(1);
});

test('asking again for a running meeting answers it and counts once', async () => {
  const room = newRoom();
  const user = await retailer.addUser({ maxBots: 1 });
  expect((await user.start(room)).status).toBe(201);
  expect((await user.start(room)).status).toBe(200);
});

test('the limit of bots holds, also for shared ones and for requests in parallel', async () => {
  const [shared, ...rooms] = [newRoom(), newRoom(), newRoom(), newRoom()] as const;
  await (await retailer.addUser()).start(shared);
  const user = await retailer.addUser({ maxBots: 2 });
  const answers = await Promise.all([shared, ...rooms].map((room) => user.start(room)));
  expect(answers.filter(({ status }) => status < 300)).toHaveLength(2);
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(2);
  expect(refused[0]?.body.code).toBe('concurrent_bot_limit');
  expect(refused[0]?.headers.get('retry-after')).toBe('30');
});

test('a bot leaves when the last of its users leaves, not before', async () => {
  const room = newRoom();
  const [ann, bob] = await Promise.all([retailer.addUser(), retailer.addUser()]);
  await ann.start(room);
  await bob.start(room);
  const stops = () => retailer.wholesaler.count('DELETE', `/bots/local/${room}`);
  expect((await ann.leave(room)).status).toBe(202);
  expect((await ann.leave(room)).status).toBe(202);
  expect(stops()).toBe(0);
  expect((await ann.call('PUT', `/bots/local/${room}/config`, { language: 'de' })).body.code).toBe('bot_not_active');
  expect((await ann.call('GET', '/bots/status')).body.running_bots).toEqual([]);
  expect((await bob.call('GET', '/bots/status')).body.running_bots).toMatchObject([{ native_meeting_id: room }]);
  const last = await bob.leave(room);
  expect(last.body.message).toBe('Stop request accepted and is being processed.');
  expect(stops()).toBe(1);
  expect((await bob.meeting(room)).body.status).toBe('stopping');
  const late = await ann.start(room);
  expect(late.status).toBe(409);
  expect(late.headers.get('retry-after')).toBe('5');
});

test('what the wholesaler refuses becomes a problem of ours, and no live meeting is left behind', async () => {
  const user = await retailer.addUser();
  const cases = [
    [503, { code: 'no_capacity', detail: 'inner words' }, 503, 'no_capacity'],
    [401, { code: 'unauthorized', detail: 'inner words' }, 503, 'unavailable'],
    [429, { code: 'concurrent_bot_limit', detail: 'inner words' }, 503, 'no_capacity'],
    [
      422,
      { code: 'validation_error', detail: [{ loc: ['body', 'language'], msg: 'unknown', type: 'x' }] },
      422,
      'validation_error',
    ],
    [201, { nonsense: true }, 502, 'bad_gateway'],
  ] as const;
  for (const [status, body, expected, code] of cases) {
    const room = newRoom();
    const forget = retailer.wholesaler.answer('POST', '/bots', { status, body });
    const answer = await user.start(room);
    forget();
    expect([answer.status, answer.body.code]).toEqual([expected, code]);
    expect(JSON.stringify(answer.body)).not.toContain('inner words');
    expect((await user.meeting(room)).body).toMatchObject({ status: 'failed', completion_reason: 'join_failure' });
    expect((await user.start(room)).status).toBe(201);
    await user.leave(room);
  }
});

test('a shared bot that was given a passcode is not shared with those who do not know it', async () => {
  const [ann, bob, eve] = await Promise.all([retailer.addUser(), retailer.addUser(), retailer.addUser()]);
  const start = (user: typeof ann, passcode?: string) =>
    user.call('POST', '/bots', {
      platform: 'zoom',
      native_meeting_id: '1234567890',
      ...(passcode ? { passcode } : {}),
    });
  expect((await start(ann, 'abc')).status).toBe(201);
  expect((await start(bob, 'abc')).status).toBe(200);
  for (const guess of [undefined, 'abd']) {
    const refused = await start(eve, guess);
    expect(refused.status).toBe(422);
    expect(refused.body.detail[0].loc).toEqual(['body', 'passcode']);
  }
  expect((await eve.call('GET', '/meetings/zoom/1234567890')).status).toBe(404);
});

test('a link and an id of the same meeting lead to the same bot', async () => {
  const [ann, bob] = await Promise.all([retailer.addUser(), retailer.addUser()]);
  const started = await ann.call('POST', '/bots', { meeting_url: 'https://meet.google.com/lnk-test-abc?authuser=1' });
  expect([started.status, started.body.native_meeting_id]).toEqual([201, 'lnk-test-abc']);
  const shared = await bob.call('POST', '/bots', { platform: 'google_meet', native_meeting_id: 'lnk-test-abc' });
  expect([shared.status, shared.body.id]).toEqual([200, started.body.id]);
  const refused = await bob.call('POST', '/bots', { meeting_url: 'https://zoom.us/my/ann' });
  expect([refused.status, refused.body.detail[0].loc]).toEqual([422, ['body', 'meeting_url']]);
});

test('bad input is named field by field', async () => {
  const user = await retailer.addUser();
  const bad = await user.call('POST', '/bots', { platform: 'skype', native_meeting_id: '' });
  expect(bad.status).toBe(422);
  expect(bad.body.detail.map(({ loc }: { loc: string[] }) => loc.join('.'))).toEqual([
    'body.platform',
    'body.native_meeting_id',
  ]);
  expect((await user.start('No Spaces')).status).toBe(422);
  expect((await user.leave('nowhere')).status).toBe(404);
  expect((await fetch(`${retailer.url}/bots`, { method: 'POST' })).status).toBe(401);
});

test('a key opens what its scopes say', async () => {
  const bot = await retailer.addUser({ scopes: ['bot'] });
  const tx = await retailer.addUser({ scopes: ['tx'] });
  const room = newRoom();
  expect((await bot.start(room)).status).toBe(201);
  expect((await bot.meeting(room)).status).toBe(200);
  expect((await bot.transcript(room)).status).toBe(403);
  expect((await tx.start(room)).status).toBe(403);
});

test('text that cannot be stored is refused as input, wherever it comes', async () => {
  const user = await retailer.addUser();
  for (const [method, path, body] of [
    ['GET', '/meetings/local/%00'],
    ['DELETE', '/meetings/local/%00'],
    ['PATCH', '/meetings/local/%00', { data: { name: 'x' } }],
    ['GET', '/transcripts/local/%00'],
    ['GET', '/transcripts/local/%00/live'],
    ['POST', '/transcripts/local/%00/share'],
    ['DELETE', '/bots/local/%00'],
    ['PUT', '/bots/local/%00/config', { language: 'de' }],
    ['GET', '/meetings/local/room?meeting_id=99999999999'],
  ] as const) {
    expect([path, (await user.call(method, path, body)).status]).toEqual([path, 404]);
  }
  for (const passcode of ['a\0b', '\ud800']) {
    const answer = await user.call('POST', '/bots', { platform: 'zoom', native_meeting_id: '1234567890', passcode });
    expect([answer.status, answer.body.detail[0].loc]).toEqual([422, ['body', 'passcode']]);
  }
});
