import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { answerOf, newRoom, type User } from './fixture.ts';
import { startReceiver } from './receiver.ts';
import type { TrappedEvent } from './support/event-trap.ts';
import { findMappingFaults } from './support/mapping-faults.ts';
import { useRetailerOf, useWholesaler } from './support/wholesaler.ts';

/** Both products at work in one process: a busy machine may need minutes. */
const patient = { timeout: 240_000 };
const wholesaler = useWholesaler(createLogger('test', 'silent'));
const { retailer, trap } = useRetailerOf(wholesaler);
beforeAll(() => {
  trap().forwardTo = undefined;
});

const expectSoundMapping = async () => expect(await findMappingFaults(retailer.connection, wholesaler.sql)).toEqual([]);
afterEach(expectSoundMapping);

const deliver = async ({ headers, body }: TrappedEvent): Promise<number> =>
  (await answerOf(await fetch(`${retailer.url}/webhooks/meeting-finished`, { method: 'POST', headers, body }))).status;

const eventOf = (room: string): Promise<TrappedEvent> =>
  waitFor(`the event about ${room}`, () => trap().events.find(({ body }) => body.includes(`"${room}"`)));

const untilClean = (...rooms: string[]) =>
  waitFor('a clean wholesaler', async () => {
    const rows =
      await wholesaler.sql`select redacted_at from meetings where platform_specific_id in ${wholesaler.sql(rooms)}`;
    const words = await wholesaler.sql`select 1 from transcriptions t join meetings m on m.id = t.meeting_id
      where m.platform_specific_id in ${wholesaler.sql(rooms)}`;
    return words.length === 0 && rows.every((row) => row.redacted_at !== null);
  });

/** A meeting of `users` that is over at the wholesaler, and in which `texts` were said. */
async function held(users: User[], ...texts: string[]): Promise<string> {
  const room = newRoom();
  for (const user of users) expect((await user.start(room)).status).toBeLessThan(300);
  const bot = await wholesaler.bots.active(room);
  await bot.say('Ann', ...texts);
  await bot.end();
  await eventOf(room);
  return room;
}

test('two users who ask in the same millisecond start one bot, every time', patient, async () => {
  const [ann, bob] = await Promise.all([retailer.addUser({ maxBots: 50 }), retailer.addUser({ maxBots: 50 })]);
  for (let round = 0; round < 10; round++) {
    const room = newRoom();
    const answers = await Promise.all([ann.start(room), bob.start(room)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 201]);
    expect(answers[0].body.id).toBe(answers[1].body.id);
    const bots = wholesaler.bots.started.filter(({ config }) => config.nativeMeetingId === room);
    expect(bots).toHaveLength(1);
    if (round > 0) continue;
    // In the first, the bot stays for the one who is left, and leaves with the last; in the others they leave at once.
    const bot = await wholesaler.bots.active(room);
    await ann.leave(room);
    await expectSoundMapping();
    await bot.say('Carl', 'only bob is left');
    await waitFor('bob to read it', async () => (await bob.transcript(room)).body.segments.length === 1);
    expect(bot.isRunning).toBe(true);
    await bob.leave(room);
    await waitFor('the bot to leave', () => !bot.isRunning);
  }
  const running = (await ann.call('GET', '/bots/status')).body.running_bots as { native_meeting_id: string }[];
  await Promise.all(running.flatMap(({ native_meeting_id: room }) => [ann.leave(room), bob.leave(room)]));
  await waitFor('every bot to leave', () => wholesaler.bots.started.every(({ isRunning }) => !isRunning));
  await retailer.admin('POST', '/admin/wholesaler/sync');
  await waitFor(
    'every finish',
    async () => (await retailer.admin('GET', '/admin/wholesaler')).body.pending_finishes === 0,
  );
});

test('a third user is answered 404 by every route that names a meeting, running or finished', patient, async () => {
  const [ann, bob, eve] = await Promise.all([retailer.addUser(), retailer.addUser(), retailer.addUser()]);
  const { paths } = await (await fetch(`${retailer.url}/openapi.json`)).json();
  const named = Object.entries<Record<string, unknown>>(paths).filter(([path]) => path.includes('{native_meeting_id}'));
  const bodies: Record<string, unknown> = {
    'PATCH /meetings/{platform}/{native_meeting_id}': { data: { name: 'mine' } },
    'PUT /bots/{platform}/{native_meeting_id}/config': { language: 'de' },
  };
  const room = newRoom();
  await ann.start(room);
  await bob.start(room);
  const bot = await wholesaler.bots.active(room);
  await bot.say('Ann', 'our secret');
  const eveSeesNothing = async () => {
    for (const [path, methods] of named) {
      for (const method of Object.keys(methods).map((name) => name.toUpperCase())) {
        const body = bodies[`${method} ${path}`] ?? (method === 'POST' ? {} : undefined);
        const asked = path.replace('{platform}', 'local').replace('{native_meeting_id}', room);
        const answer = await eve.call(method, asked, body);
        expect(`${method} ${path} ${answer.status}`).toBe(`${method} ${path} 404`);
        expect(JSON.stringify(answer.body)).not.toContain('secret');
      }
    }
    for (const format of ['srt', 'vtt', 'txt', 'md']) {
      expect((await eve.transcript(room, `?format=${format}`)).status).toBe(404);
    }
    for (const list of ['/meetings', '/bots/status', '/search?q=secret']) {
      const answer = await eve.call('GET', list);
      expect(JSON.stringify(answer.body)).not.toMatch(new RegExp(`secret"|${room}"`));
    }
  };
  expect(named.length).toBeGreaterThanOrEqual(4);
  await eveSeesNothing();
  await bot.end();
  await deliver(await eventOf(room));
  await Promise.all([ann.history(room), bob.history(room)]);
  await eveSeesNothing();
  await untilClean(room);
});

test('with every event lost, all finished meetings are complete after one sync', patient, async () => {
  const user = await retailer.addUser();
  const rooms = await Promise.all([1, 2, 3].map(() => held([user], 'one', 'two')));
  await retailer.admin('POST', '/admin/wholesaler/sync');
  for (const room of rooms) expect((await user.history(room)).segments).toHaveLength(2);
  await untilClean(...rooms);
});

test('with every event sent three times, in any order, nothing happens twice', patient, async () => {
  await using receiver = await startReceiver();
  const user = await retailer.addUser();
  await user.call('PUT', '/user/webhook', { webhook_url: receiver.url, webhook_events: ['transcript.ready'] });
  const rooms = await Promise.all([1, 2, 3, 4].map(() => held([user], 'one', 'two')));
  const events = await Promise.all(rooms.map(eventOf));
  wholesaler.wire.takeSent();
  const order = shuffled([...events, ...events, ...events]);
  const answers = await Promise.all(order.map(deliver));
  expect(answers.filter((status) => status === 202)).toHaveLength(rooms.length);
  expect(answers.filter((status) => status === 200)).toHaveLength(rooms.length * 2);
  for (const room of rooms) expect((await user.history(room)).segments).toHaveLength(2);
  await untilClean(...rooms);
  await waitFor('the events for the user', () => receiver.received.length >= rooms.length);
  for (const event of shuffled(events)) expect(await deliver(event)).toBe(200);
  const report = (await retailer.admin('POST', '/admin/wholesaler/sync')).body;
  expect(report.drift).toEqual([]);
  const told = receiver.received.map(({ body }) => JSON.parse(body).data.native_meeting_id);
  expect(told.sort()).toEqual(rooms.sort());
  const deletes = wholesaler.wire.takeSent().match(/^DELETE \/meetings/gm);
  expect(deletes).toHaveLength(rooms.length);
});

function shuffled<T>(items: T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
