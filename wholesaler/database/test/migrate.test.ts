import { type LocalPostgres, startPostgres } from '@vexa/shared/local/postgres';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateWholesaler } from '../src/migrate.ts';

let server: LocalPostgres;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

async function tables(url: string): Promise<string[]> {
  const sql = postgres(url, { max: 1 });
  const rows = await sql<{ name: string }[]>`select tablename as name from pg_tables where schemaname = 'public'`;
  await sql.end();
  return rows.map(({ name }) => name).sort();
}

test('an empty database gets every table, and a second run changes nothing', async () => {
  const url = await server.createDatabase('twice');
  await migrateWholesaler(url);
  const first = await tables(url);
  expect(first).toEqual(
    expect.arrayContaining(['meetings', 'bot_runs', 'meeting_sessions', 'transcriptions', 'users']),
  );
  await migrateWholesaler(url);
  expect(await tables(url)).toEqual(first);
});

test('several services that migrate at the same moment do not disturb each other', async () => {
  const url = await server.createDatabase('at_once');
  await Promise.all(Array.from({ length: 5 }, () => migrateWholesaler(url)));
  expect(await tables(url)).toContain('meetings');
});

test('a user can have one live meeting of an id, and a new one once it ended', async () => {
  const url = await server.createDatabase('one_live');
  await migrateWholesaler(url);
  const sql = postgres(url, { max: 1 });
  const start = () =>
    sql`insert into meetings (user_id, platform, platform_specific_id) values (1, 'local', 'room') returning id`;
  await start();
  await expect(start()).rejects.toThrow('meetings_one_live');
  await sql`update meetings set status = 'completed'`;
  expect(await start()).toHaveLength(1);
  await sql.end();
});
