import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { authenticateKey } from '@vexa/shared/accounts/authenticate-key';
import { connectDb } from '@vexa/shared/db/client';
import { type LocalPostgres, startPostgres } from '@vexa/shared/local/postgres';
import { countMigrations, databaseAfter, schemaOf } from '@vexa/shared/testing/older-databases';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateWholesaler } from '../src/migrate.ts';
import { seedUser } from '../src/seed.ts';

let server: LocalPostgres;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.[Symbol.asyncDispose]());

const migrations = fileURLToPath(new URL('../migrations', import.meta.url));

const tables = [
  ...['users', 'api_tokens', 'plans', 'plan_model_limits', 'user_plans', 'referral_data', 'meetings', 'bot_runs'],
  ...['meeting_sessions', 'transcriptions', 'purged_meetings', 'idempotency_keys'],
  ...['webhook_endpoints', 'webhook_deliveries'],
];

async function counts(sql: postgres.Sql): Promise<Record<string, number>> {
  const each = tables.map(async (table) => {
    const [row] = await sql<{ count: number }[]>`select count(*)::int as count from ${sql(table)}`;
    return [table, row!.count] as const;
  });
  return Object.fromEntries(await Promise.all(each));
}

test('the data of the first version survives the upgrade, also when several services upgrade at once', async () => {
  const url = await databaseAfter(server, { migrations, count: 1, name: 'from_first' });
  const sql = postgres(url, { max: 2, onnotice: () => {} });
  await sql.unsafe(await readFile(new URL('fixtures/data-of-0000.sql', import.meta.url), 'utf8'));
  const before = await counts(sql);
  await Promise.all([migrateWholesaler(url), migrateWholesaler(url), migrateWholesaler(url)]);
  await migrateWholesaler(url);
  expect(await counts(sql)).toEqual(before);
  const words = await sql`select segment_id, user_id, text, speaker from transcriptions order by id`;
  expect(words).toMatchObject([
    { segment_id: 's1:1', user_id: 1, text: 'Good morning everybody', speaker: 'Ann' },
    { segment_id: 's1:2', user_id: 1 },
    { segment_id: 's2:1', user_id: 2 },
    { segment_id: 's9:1', user_id: null },
  ]);
  const found = await sql`select segment_id from transcriptions
    where user_id = 1 and search @@ websearch_to_tsquery('simple', 'BUDGET')`;
  expect(found).toMatchObject([{ segment_id: 's1:2' }]);
  await sql.end();
});

test('every step between the first version and this one can be taken alone', async () => {
  const newest = await server.createDatabase('from_nothing');
  await migrateWholesaler(newest);
  const expected = await schemaOf(newest);
  for (let count = 1; count < (await countMigrations(migrations)); count++) {
    const url = await databaseAfter(server, { migrations, count, name: `after_${count}` });
    await migrateWholesaler(url);
    expect(await schemaOf(url)).toEqual(expected);
  }
});

test('a search reads the words of its user alone, by the index', async () => {
  const url = await server.createDatabase('search_plan');
  await migrateWholesaler(url);
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql`insert into transcriptions (meeting_id, user_id, segment_id, start_time, end_time, text, session_uid)
    select n % 500, n % 50, 's:' || n, n, n + 1, 'the word ' || n % 7, 's' from generate_series(1, 20000) n`;
  await sql`vacuum analyze transcriptions`;
  const plan = await sql.unsafe(`explain select id from transcriptions
    where user_id = 3 and search @@ websearch_to_tsquery('simple', 'word 5') order by id + 0 desc limit 20`);
  expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('transcriptions_search');
  await sql.end();
});

test('the first user is made once, with one key that works, however often and by however many that is asked', async () => {
  const url = await server.createDatabase('seeded');
  await migrateWholesaler(url);
  await using connection = connectDb(url);
  const seed = { email: 'system@example.com', maxConcurrentBots: 10 };
  const made = await Promise.all(Array.from({ length: 5 }, () => seedUser(connection.db, seed)));
  made.push(await seedUser(connection.db, { ...seed, email: 'SYSTEM@example.com' }));
  expect(new Set(made.map(({ userId }) => userId)).size).toBe(1);
  const keys = made.flatMap(({ key }) => (key ? [key] : []));
  expect(keys).toHaveLength(1);
  expect(await authenticateKey(connection.db, keys[0]!)).toMatchObject({ scopes: ['*'], max_concurrent_bots: 10 });
});
