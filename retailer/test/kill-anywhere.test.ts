import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { adminToken, newRoom, User, webhookSecret } from './fixture.ts';
import { startReceiver } from './receiver.ts';
import { Fuse } from './support/fuse.ts';
import { findMappingFaults } from './support/mapping-faults.ts';
import { RetailerProcess } from './support/retailer-process.ts';
import { useRetailerOf, useWholesaler } from './support/wholesaler.ts';
import { Wire } from './support/wire.ts';

const wholesaler = useWholesaler(createLogger('test', 'silent'));
// Its own service stands still: these tests run the retailer as processes that can be killed.
const { retailer, trap } = useRetailerOf(wholesaler);
const fuse = new Fuse();
const running: AsyncDisposable[] = [];
let owner: User;

beforeAll(async () => {
  owner = await retailer.addUser();
  await retailer.stopService();
});
afterEach(async () => {
  fuse.disarm();
  await Promise.all(running.splice(0).map((one) => one[Symbol.asyncDispose]()));
});

interface Network {
  database: Wire;
  upstream: Wire;
}

/** What all processes of one test have in common. */
async function openNetwork(): Promise<Network> {
  const database = await Wire.before(retailer.databaseUrl);
  const upstream = await Wire.before(wholesaler.gatewayUrl);
  running.push(database, upstream);
  fuse.watchPostgres(database);
  fuse.watchHttp(upstream);
  return { database, upstream };
}

/** Its code is loaded before it is wanted, which takes longest. */
function spawn({ database, upstream }: Network): RetailerProcess {
  const process = new RetailerProcess({
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PORT: '0',
    LOG_LEVEL: 'silent',
    ADMIN_API_TOKEN: adminToken,
    WHOLESALER_WEBHOOK_SECRET: webhookSecret,
    WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
    DATABASE_URL: database.url,
    VEXA_INFRA_API_URL: upstream.url,
    VEXA_INFRA_API_KEY: wholesaler.systemKey,
    PUBLIC_URL: trap().url,
    SYNC_INTERVAL_MS: '3600000',
    START_TIMEOUT_MS: '30000',
    READ_TIMEOUT_MS: '30000',
    DELETE_TIMEOUT_MS: '30000',
  });
  running.push(process);
  return process;
}

/** Gives the user of all tests at this process. */
async function start(process: RetailerProcess): Promise<User> {
  const url = await process.start();
  trap().forwardTo = url;
  return new User(url, owner.key, owner.id);
}

/** What an ended retailer had taken would be its own until the lease is over. */
async function releaseLeases(): Promise<void> {
  await retailer.connection.sql`update meetings set finish_due_at = now() where finish_due_at is not null`;
  await retailer.connection.sql`update webhook_deliveries set next_attempt_at = now() where status = 'pending'`;
}

/** Kills at every step take a minute or two (VEXA_EVERY_STEP=1); usually these do, spread over the finish. */
const stepsApart = process.env.VEXA_EVERY_STEP ? 1 : 3;
const patient = { deadlineMs: 150_000 };

test('killed after a statement or call of a finish, it is completed, and nothing is lost, doubled or left behind', {
  timeout: 900_000,
}, async () => {
  await using receiver = await startReceiver();
  const network = await openNetwork();
  let [victim, next] = [spawn(network), spawn(network)];
  let user = await start(victim);
  await user.call('PUT', '/user/webhook', { webhook_url: receiver.url, webhook_events: ['transcript.ready'] });
  const killedAt: string[] = [];
  for (let step = 1, isReached = true; isReached; step += stepsApart) {
    const room = newRoom();
    const started = await user.start(room);
    expect([started.status, started.body]).toMatchObject([201, { native_meeting_id: room }]);
    const { id } = started.body;
    const bot = await wholesaler.bots.active(room);
    await bot.say('Ann', 'first', 'third');
    await bot.say('Bob', 'second');
    isReached = false;
    fuse.arm(step, () => {
      isReached = true;
      victim.kill();
    });
    await bot.end();
    await waitFor('the finish or the kill', async () => isReached || (await settled(id)), patient);
    fuse.disarm();
    if (isReached) {
      killedAt.push(fuse.steps.at(-1) ?? '');
      await victim[Symbol.asyncDispose]();
      [victim, next] = [next, spawn(network)];
      await releaseLeases();
      user = await start(victim);
    }
    await waitFor(`the finish after a kill at ${killedAt.at(-1)}`, () => settled(id), patient);
    const { segments, source } = (await user.transcript(room)).body;
    expect(source).toBe('history');
    expect(segments.map(({ text }: { text: string }) => text).sort()).toEqual(['first', 'second', 'third']);
    expect(await findMappingFaults(retailer.connection, wholesaler.sql)).toEqual([]);
    const told = await retailer.connection.sql`
      select id from webhook_deliveries where (body->'data'->>'meeting_id')::int = ${id}`;
    expect(told).toHaveLength(1);
    const events = receiver.received.map(({ body }) => JSON.parse(body)).filter(({ data }) => data.meeting_id === id);
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(1);
  }
  console.log(`killed at ${killedAt.length} steps of a finish: ${killedAt.join(' · ')}`);
  expect(killedAt.length).toBeGreaterThanOrEqual(3);
});

/** Everything about a meeting is done: ours is complete, the wholesaler's is deleted, its user was told. */
async function settled(id: number): Promise<boolean> {
  const rows = await retailer.connection.sql`
    select 1 from meetings m join webhook_deliveries d on (d.body->'data'->>'meeting_id')::int = m.id
    where m.id = ${id} and m.finish_due_at is null and m.wholesaler_cleaned_at is not null and d.status = 'delivered'`;
  return rows.length > 0;
}

test('killed while the wholesaler starts a bot for it, it finds that bot again and starts no other', {
  timeout: 400_000,
}, async () => {
  const network = await openNetwork();
  const [victim, next] = [spawn(network), spawn(network)];
  const first = await start(victim);
  const room = newRoom();
  const started = wholesaler.bots.started.length;
  fuse.armAt('POST /bots', () => victim.kill());
  expect(await first.start(room).catch(() => 'cut off')).toBe('cut off');
  fuse.disarm();
  await victim[Symbol.asyncDispose]();
  const bot = await wholesaler.bots.active(room);
  // As if the grace for starts under way were over.
  await retailer.connection.sql`update meetings set created_at = created_at - interval '2 minutes' where is_live`;
  const user = await start(next);
  const known = async () => (await user.meeting(room)).body.data.wholesaler_meeting_id;
  expect(await waitFor('the repair', known, patient)).toBe(bot.config.meeting_id);
  expect(wholesaler.bots.started.length).toBe(started + 1);
  expect(await findMappingFaults(retailer.connection, wholesaler.sql)).toEqual([]);
});
