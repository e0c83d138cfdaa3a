import { fileURLToPath } from 'node:url';
import { createUser } from '@vexa/shared/accounts/create-user';
import { connectDb, type Db } from '@vexa/shared/db/client';
import { type LocalPostgres, startPostgres } from '@vexa/shared/local/postgres';
import { countMigrations, databaseAfter, schemaOf } from '@vexa/shared/testing/older-databases';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateRetailer } from '../src/db/migrate.ts';
import { type HeldPage, selectHeld } from '../src/meetings/meeting-store.ts';

const migrations = fileURLToPath(new URL('../migrations', import.meta.url));
let server: LocalPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.[Symbol.asyncDispose]());

test('every version before this one can be brought to it, and then is as one made anew', async () => {
  const newest = await server.createDatabase('from_nothing');
  await migrateRetailer(newest);
  const expected = await schemaOf(newest);
  for (let count = 1; count < (await countMigrations(migrations)); count++) {
    const url = await databaseAfter(server, { migrations, count, name: `after_${count}` });
    await migrateRetailer(url);
    expect(await schemaOf(url)).toEqual(expected);
  }
});

test('no page of the list of meetings reads many more rows than it shows, however long the list', async () => {
  const url = await server.createDatabase('long_list');
  await migrateRetailer(url);
  await using connection = connectDb(url, { max: 1 });
  const { db, sql } = connection;
  const [many, few] = [await createUser(db, { email: 'many@a.test' }), await createUser(db, { email: 'few@a.test' })];
  const [count, limit] = [20_000, 50];
  await sql`
    insert into meetings (user_id, platform, platform_specific_id, status, is_live)
    select ${many.user.id}, case n when 77 then 'teams' else 'local' end, 'room-' || n,
      case when n % 5000 = 1 then 'active' when n % 1000 = 2 then 'failed' else 'completed' end, n % 5000 = 1
    from generate_series(1, ${count}::int) n`;
  await sql`insert into user_meetings (user_id, meeting_id) select ${many.user.id}, id from meetings`;
  await sql`insert into user_meetings (user_id, meeting_id) select ${few.user.id}, id from meetings where id % 97 = 0`;
  for (const table of ['meetings', 'user_meetings']) await sql`vacuum analyze ${sql(table)}`;

  const counted = async (tx: Db) => {
    const [row] = await tx.execute<{ read: number }>(`
      select sum(seq_tup_read + idx_tup_fetch)::int as read from pg_stat_xact_user_tables
      where relname in ('meetings', 'user_meetings')`);
    return row?.read ?? Number.NaN;
  };
  const rowsRead = (userId: number, page: Partial<HeldPage>) =>
    db.transaction(async (tx) => {
      const before = await counted(tx);
      const { length } = await selectHeld(tx, userId, { limit, ...page });
      return { shown: length, read: (await counted(tx)) - before };
    });
  const middle = count / 2;
  for (const { user } of [many, few]) {
    for (const page of [{}, { beforeId: middle }, { beforeId: middle, status: 'completed' as const }]) {
      const { shown, read } = await rowsRead(user.id, page);
      expect(shown).toBe(limit);
      expect(read).toBeLessThan(4 * limit);
    }
  }
  const rare = [{ status: 'active' as const }, { status: 'failed' as const }, { platform: 'teams' as const }];
  for (const filter of rare) {
    const { shown, read } = await rowsRead(many.user.id, filter);
    expect(shown).toBeGreaterThan(0);
    expect(read).toBeLessThan(4 * limit);
  }
});
