import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { migrateDatabase } from '../db/migrate.ts';
import type { LocalPostgres } from '../local/postgres.ts';

interface Journal {
  entries: { tag: string }[];
}

/** How many migrations a folder of them has. */
export const countMigrations = async (migrations: string): Promise<number> =>
  (await readJournal(migrations)).entries.length;

const readJournal = async (migrations: string): Promise<Journal> =>
  JSON.parse(await readFile(join(migrations, 'meta/_journal.json'), 'utf8'));

/** A database as the first `count` migrations leave it. */
export async function databaseAfter(
  server: LocalPostgres,
  { migrations, count, name }: { migrations: string; count: number; name: string },
): Promise<string> {
  const journal = await readJournal(migrations);
  const entries = journal.entries.slice(0, count);
  const older = await mkdtemp(join(tmpdir(), 'vexa-migrations-'));
  try {
    await mkdir(join(older, 'meta'));
    await writeFile(join(older, 'meta/_journal.json'), JSON.stringify({ ...journal, entries }));
    for (const { tag } of entries) await cp(join(migrations, `${tag}.sql`), join(older, `${tag}.sql`));
    const url = await server.createDatabase(name);
    await migrateDatabase(url, older);
    return url;
  } finally {
    await rm(older, { recursive: true });
  }
}

/** Every column and index of a database, to compare it with another. */
export async function schemaOf(url: string): Promise<unknown> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const columns = await sql`select table_name, column_name, data_type, is_nullable, column_default
      from information_schema.columns where table_schema = 'public' order by 1, 2`;
    const indexes = await sql`select indexname, indexdef from pg_indexes where schemaname = 'public' order by 1`;
    return [[...columns], [...indexes]];
  } finally {
    await sql.end();
  }
}
