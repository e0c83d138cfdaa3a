import { checkPlan } from '@vexa/shared/accounts/plans/check-plan';
import { connectDb, type DbConnection } from '@vexa/shared/db/client';
import { type LocalPostgres, startPostgres } from '@vexa/shared/local/postgres';
import { migrateWholesaler } from '@vexa/wholesaler-database/migrate';
import { meetingSessions, meetings, planModelLimits, plans, userPlans, users } from '@vexa/wholesaler-database/schema';
import { wholesalerUsage } from '@vexa/wholesaler-database/usage';
import { afterAll, beforeAll, expect, test } from 'vitest';

let postgres: LocalPostgres;
let connection: DbConnection;

beforeAll(async () => {
  postgres = await startPostgres();
  const url = await postgres.createDatabase('plans');
  await migrateWholesaler(url);
  connection = connectDb(url);
});
afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

const start = new Date('2026-08-10T00:00:00Z');
const now = new Date('2026-08-20T12:00:00Z');
let made = 0;

async function newUser(limits?: Record<string, number | null>, term: Partial<typeof userPlans.$inferInsert> = {}) {
  const { db } = connection;
  const [user] = await db
    .insert(users)
    .values({ email: `p${++made}@example.com`, max_concurrent_bots: 2 })
    .returning();
  if (limits) {
    const [plan] = await db
      .insert(plans)
      .values({ name: `plan-${made}`, max_concurrent_bots: 5 })
      .returning();
    const rows = Object.entries(limits).map(([model_identifier, max_seconds]) => ({
      plan_id: plan!.id,
      model_identifier,
      max_seconds,
    }));
    if (rows.length > 0) await db.insert(planModelLimits).values(rows);
    await db.insert(userPlans).values({ user_id: user!.id, plan_id: plan!.id, period_start: start, ...term });
  }
  return user!.id;
}

async function newSession(userId: number, seconds: number, { at = now, model = 'small', ended = true } = {}) {
  const values = {
    user_id: userId,
    platform: 'local' as const,
    platform_specific_id: `room-${++made}`,
    created_at: at,
  };
  const [meeting] = await connection.db.insert(meetings).values(values).returning();
  await connection.db.insert(meetingSessions).values({
    meeting_id: meeting!.id,
    session_uid: `session-${made}`,
    session_start_time: at,
    model_identifier: model,
    total_segment_duration_seconds: seconds,
    ended_at: ended ? at : null,
  });
}

const check = (userId: number, modelIdentifier = 'small', at = now) =>
  connection.db.transaction((tx) => checkPlan(tx, { userId, modelIdentifier, usage: wholesalerUsage, now: at }));

test('without a plan every model is allowed, with the number of bots that is the user’s own', async () => {
  const userId = await newUser();
  expect(await check(userId)).toMatchObject({ allowed: true, plan: null, limitSeconds: null, maxConcurrentBots: 2 });
});

test('nobody has no plan to check', async () => {
  expect(await check(2_000_000_000)).toBeUndefined();
});

test('a model that the plan does not name is refused, unless * stands for it', async () => {
  expect(await check(await newUser({ tiny: null }))).toMatchObject({
    allowed: false,
    code: 'plan_limit',
    detail: expect.stringContaining('does not include the model small'),
  });
  expect(await check(await newUser({ tiny: null, '*': 60 }))).toMatchObject({ allowed: true, limitSeconds: 60 });
  expect(await check(await newUser({}))).toMatchObject({ allowed: true, limitSeconds: null, maxConcurrentBots: 5 });
});

test('seconds are counted per model, running sessions included, and at the limit no more bots start', async () => {
  const userId = await newUser({ small: 100, tiny: 100 });
  await newSession(userId, 60);
  await newSession(userId, 39.9, { ended: false });
  await newSession(userId, 500, { model: 'tiny' });
  expect(await check(userId)).toMatchObject({ allowed: true, usedSeconds: 99.9, limitSeconds: 100 });
  await newSession(userId, 0.1, { ended: false });
  const refused = await check(userId);
  expect(refused).toMatchObject({ allowed: false, code: 'plan_limit' });
  expect(refused).toHaveProperty('detail', expect.stringContaining('All 100 seconds of small'));
});

test("nobody else's seconds count, and none of another period", async () => {
  const userId = await newUser({ small: 100 }, { renews: 'month' });
  await newSession(await newUser({ small: 100 }), 500);
  await newSession(userId, 500, { at: new Date('2026-08-09T23:59:59Z') });
  await newSession(userId, 40, { at: start });
  expect(await check(userId)).toMatchObject({ allowed: true, usedSeconds: 40 });
  expect(await check(userId, 'small', new Date('2026-09-10T00:00:00Z'))).toMatchObject({ usedSeconds: 0 });
});

test('before it begins and after it ended a plan allows nothing', async () => {
  const userId = await newUser({}, { period_end: new Date('2026-09-01T00:00:00Z') });
  expect(await check(userId, 'small', new Date('2026-08-09T00:00:00Z'))).toHaveProperty(
    'detail',
    expect.stringContaining('begins on 2026-08-10'),
  );
  expect(await check(userId, 'small', new Date('2026-09-01T00:00:00Z'))).toHaveProperty(
    'detail',
    expect.stringContaining('ended on 2026-09-01'),
  );
});

test('requests of one user are decided one after the other', async () => {
  const userId = await newUser({ small: 5 });
  const start = () =>
    connection.db.transaction(async (tx) => {
      const answer = await checkPlan(tx, { userId, modelIdentifier: 'small', usage: wholesalerUsage, now });
      if (!answer?.allowed) return false;
      const row = {
        user_id: userId,
        platform: 'local' as const,
        platform_specific_id: `race-${++made}`,
        created_at: now,
      };
      const [meeting] = await tx.insert(meetings).values(row).returning();
      const session = { meeting_id: meeting!.id, session_uid: 's', session_start_time: now, model_identifier: 'small' };
      await tx.insert(meetingSessions).values({ ...session, total_segment_duration_seconds: 1 });
      return true;
    });
  const started = await Promise.all(Array.from({ length: 50 }, start));
  expect(started.filter(Boolean)).toHaveLength(5);
});
