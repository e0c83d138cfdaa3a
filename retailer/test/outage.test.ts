import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect, test } from 'vitest';
import { newRoom, useRetailer } from './fixture.ts';

const retailer = useRetailer();
const { wholesaler } = retailer;

const breakers = async () => (await retailer.admin('GET', '/admin/wholesaler')).body.breakers;

test('while the wholesaler is away, the last copy is served as stale, history as ever, and starts fail fast', async () => {
  const [ann, bob, eve] = await Promise.all([retailer.addUser(), retailer.addUser(), retailer.addUser()]);
  const [done, room, unread] = [newRoom(), newRoom(), newRoom()];
  await ann.start(done);
  wholesaler.say(done, 'long ago');
  wholesaler.end(done);
  await retailer.announce(wholesaler.finishedEvent(done));
  await ann.history(done);
  await ann.start(room);
  await bob.start(room);
  await ann.start(unread);
  wholesaler.setStatus(room, 'active');
  wholesaler.say(room, 'heard before');
  const live = (await ann.transcript(room)).body;
  await wholesaler.stop();

  const stale = await bob.transcript(room);
  expect(stale.status).toBe(200);
  expect(stale.body).toMatchObject({ source: 'stale', segments: live.segments });
  expect(Object.keys(stale.body)).toEqual(Object.keys(live));
  expect(Date.parse(stale.body.stale_since)).toBeLessThanOrEqual(Date.now());
  expect((await eve.transcript(room)).status).toBe(404);
  expect((await ann.transcript(unread)).status).toBe(503);
  expect((await ann.history(done)).segments).toMatchObject([{ text: 'long ago' }]);
  expect((await ann.meeting(room)).body.status).toBe('active');

  await waitFor('the start breaker to open', async () => {
    await eve.start(newRoom());
    return (await breakers()).start.state === 'open';
  });
  const before = performance.now();
  const refused = await eve.start(newRoom());
  expect(performance.now() - before).toBeLessThan(1_000);
  expect([refused.status, refused.body.code]).toEqual([503, 'unavailable']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect((await fetch(`${retailer.url}/health/ready`)).status).toBe(200);
  // Leaving is accepted and kept, though the wholesaler cannot be told yet.
  expect((await ann.leave(unread)).status).toBe(202);

  await wholesaler.start();
  await waitFor('live reads again', async () => (await bob.transcript(room)).body.source === 'live');
  await waitFor('starts again', async () => (await eve.start(newRoom())).status === 201);
  await retailer.admin('POST', '/admin/wholesaler/sync');
  expect(wholesaler.latest(unread).meeting.status).toBe('stopping');
});

test('a wholesaler that does not answer in time costs no more than the time-out', async () => {
  const user = await retailer.addUser();
  const room = newRoom();
  await user.start(room);
  await waitFor('a first copy', async () => (await user.transcript(room)).body.source === 'live');
  const held = wholesaler.hold('GET', `/transcripts/local/${room}`);
  const before = performance.now();
  expect((await user.transcript(room)).body.source).toBe('stale');
  expect(performance.now() - before).toBeLessThan(2_500);
  held.release();
  await waitFor('live again', async () => (await user.transcript(room)).body.source === 'live');
});

test('a start whose connection breaks is sent again under the same key and starts one bot', async () => {
  const user = await retailer.addUser();
  const room = newRoom();
  const forget = wholesaler.answer('POST', '/bots', 'drop');
  const first = wholesaler.count('POST', '/bots');
  const starting = user.start(room);
  await waitFor('the first attempt', () => wholesaler.count('POST', '/bots') > first);
  forget();
  expect((await starting).status).toBe(201);
  const keys = wholesaler.requests
    .filter(({ method, path, body }) => method === 'POST' && path === '/bots' && body.includes(room))
    .map(({ headers }) => headers['idempotency-key']);
  expect(keys.length).toBe(2);
  expect(new Set(keys).size).toBe(1);
});

test('a wholesaler that answers with another meeting than the one named is not believed', async () => {
  const user = await retailer.addUser();
  const [room, other] = [newRoom(), newRoom()];
  await user.start(room);
  await (await retailer.addUser()).start(other);
  wholesaler.say(other, 'not for you');
  const body = { ...wholesaler.latest(other).meeting, source: 'live', stale_since: null, cursor: null, segments: [] };
  const forget = wholesaler.answer('GET', `/transcripts/local/${room}`, { status: 200, body });
  const answer = await user.transcript(room);
  forget();
  expect([answer.status, answer.body.code]).toEqual([502, 'bad_gateway']);
});

test('a meeting that the wholesaler lost is settled with what there is, and says that it is incomplete', async () => {
  const user = await retailer.addUser();
  const room = newRoom();
  const { id } = (await user.start(room)).body;
  const forget = [
    wholesaler.answer('GET', `/transcripts/local/${room}`, { status: 404, body: { code: 'not_found' } }),
    wholesaler.answer('GET', `/meetings/local/${room}`, { status: 404, body: { code: 'not_found' } }),
  ];
  const first = await user.transcript(room);
  expect([first.status, first.body.code]).toEqual([503, 'unavailable']);
  await waitFor('a refused pull', async () => {
    const [row] = await retailer.connection.sql`select finish_refusals from meetings where id = ${id}`;
    return row?.finish_refusals > 0;
  });
  // As if all tries but the last were over.
  await retailer.connection.sql`update meetings set finish_refusals = 10, finish_due_at = now() where id = ${id}`;
  expect((await user.history(room)).segments).toEqual([]);
  expect((await user.meeting(room)).body).toMatchObject({
    status: 'failed',
    completion_reason: 'bot_lost',
    data: { transcript_incomplete: true },
  });
  for (const end of forget) end();
});
