import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from '@vexa/shared/local/free-port';
import { meetingSessions, planModelLimits, plans, userPlans, users } from '@vexa/wholesaler-database/schema';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFakeRunner, type FakeRunner } from './fake-runner.ts';
import {
  type Client,
  type FakeCollector,
  type Manager,
  newUser,
  startCollector,
  startManager,
  useStores,
} from './fixture.ts';

const stores = useStores();
let collector: FakeCollector;
let runner: FakeRunner;
let manager: Manager;
beforeAll(async () => {
  collector = await startCollector();
});
afterAll(() => collector[Symbol.asyncDispose]());
beforeEach(async () => {
  runner = createFakeRunner();
  manager = await startManager(stores, { collector, runner });
});
afterEach(() => manager[Symbol.asyncDispose]());

const start = (user: Client, room: string, more: Record<string, unknown> = {}) =>
  user('POST', '/bots', { platform: 'local', native_meeting_id: room, ...more });

let made = 0;

async function subscribe(userId: number, limits: Record<string, number | null>, bots: number | null = null) {
  const { db } = stores.connection;
  const values = { name: `plan-${++made}`, max_concurrent_bots: bots };
  const [plan] = await db.insert(plans).values(values).returning();
  const rows = Object.entries(limits).map(([model_identifier, max_seconds]) => ({
    plan_id: plan!.id,
    model_identifier,
    max_seconds,
  }));
  await db.insert(planModelLimits).values(rows);
  await db.insert(userPlans).values({ user_id: userId, plan_id: plan!.id });
}

const used = (meetingId: number, seconds: number) =>
  stores.connection.db.insert(meetingSessions).values({
    meeting_id: meetingId,
    session_uid: `s-${++made}`,
    session_start_time: new Date(),
    model_identifier: 'tiny.en',
    total_segment_duration_seconds: seconds,
  });

describe('a model', () => {
  it('that is not named is the first there is, and what its bot is told', async () => {
    const user = await newUser(stores, manager);
    const { body } = await start(user, 'default');
    expect(body.data.model_identifier).toBe('tiny.en');
    expect(runner.started.at(-1)!.config.model_identifier).toBe('tiny.en');
    await start(user, 'named', { model_identifier: 'base.en' });
    expect(runner.started.at(-1)!.config.model_identifier).toBe('base.en');
  });

  it('that is not there is 422 and names those that are', async () => {
    const user = await newUser(stores, manager);
    const { status, body } = await start(user, 'unknown', { model_identifier: 'whisper-9' });
    expect(status).toBe(422);
    expect(body.detail).toEqual([
      {
        loc: ['body', 'model_identifier'],
        msg: 'there is no model "whisper-9"; available: tiny.en, base.en',
        type: 'value_error',
      },
    ]);
    expect(runner.started).toEqual([]);
  });

  it('is known from whisperlive when nobody listed any, also while that is away', async () => {
    const port = await freePort();
    const env = { MODELS: '', WHISPERLIVE_API_URL: `http://127.0.0.1:${port}` };
    await using asking = await startManager(stores, { collector, runner, env });
    const user = await newUser(stores, asking);
    const early = await start(user, 'early');
    expect([early.status, early.body.code, early.headers.get('retry-after')]).toEqual([503, 'unavailable', '5']);
    let authorization: string | undefined;
    const whisperlive = createServer((request, response) => {
      authorization = request.headers.authorization;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ object: 'list', data: [{ id: 'small' }, { id: 'whisper-1' }] }));
    }).listen(port, '127.0.0.1');
    const known = await start(user, 'known');
    expect([known.status, known.body.data.model_identifier]).toEqual([201, 'small']);
    expect(authorization).toMatch(/^Bearer /);
    // A name for whatever is served could not be counted against a plan.
    expect((await start(user, 'alias', { model_identifier: 'whisper-1' })).status).toBe(422);
    expect((whisperlive.address() as AddressInfo).port).toBe(port);
    whisperlive.close();
    whisperlive.closeAllConnections();
    expect((await start(user, 'later')).status).toBe(201);
  });
});

describe('a plan', () => {
  it('that does not include the model refuses it', async () => {
    const user = await newUser(stores, manager);
    await subscribe(user.userId, { 'base.en': null });
    const { status, body } = await start(user, 'refused');
    expect([status, body.code]).toEqual([403, 'plan_limit']);
    expect(body.detail).toContain('does not include the model tiny.en');
    expect((await start(user, 'allowed', { model_identifier: 'base.en' })).status).toBe(201);
    expect((await user('GET', '/meetings')).body.meetings).toHaveLength(1);
  });

  it('whose seconds are used up, also by meetings that still run, refuses more', async () => {
    const user = await newUser(stores, manager);
    await subscribe(user.userId, { 'tiny.en': 60 }, 9);
    const first = await start(user, 'first');
    await used(first.body.id, 59);
    const second = await start(user, 'second');
    expect(second.status).toBe(201);
    await used(second.body.id, 1);
    expect(await start(user, 'third')).toMatchObject({ status: 403, body: { code: 'plan_limit' } });
  });

  it('says how many bots there may be at once, of 50 requests at the same moment too', async () => {
    const user = await newUser(stores, manager, { limit: 1 });
    await subscribe(user.userId, { '*': null }, 3);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => start(user, `race-${n}`)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(3);
    expect(statuses.filter((status) => status === 429)).toHaveLength(47);
    expect(runner.started).toHaveLength(3);
  });
});

describe('the user', () => {
  it('is read from the database, not from what the gateway knew a while ago', async () => {
    const user = await newUser(stores, manager, { limit: 5 });
    const { db } = stores.connection;
    await db.update(users).set({ max_concurrent_bots: 0 }).where(eq(users.id, user.userId));
    expect(await start(user, 'lowered')).toMatchObject({ status: 429, body: { code: 'concurrent_bot_limit' } });
    await db.delete(users).where(eq(users.id, user.userId));
    expect(await start(user, 'deleted')).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
  });
});
