import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from '@vexa/shared/db/client';
import type { BenchStack } from './stack.ts';

/**
 * Brings the user's finished meetings to `count`, one a minute back in time: a tenth failed, a tenth on Zoom, every 500th named
 * after its number. Indexes are taken away meanwhile and built anew, which is much quicker.
 */
export async function fillMeetings({ sql: pool, userId }: BenchStack, count: number): Promise<void> {
  await pool.begin(async (sql) => {
    await sql`set local statement_timeout = 0`;
    const [{ have } = { have: 0 }] = await sql<{ have: number }[]>`select count(*)::int as have from meetings`;
    const indexes = await sql<{ name: string; definition: string }[]>`
    select indexname as name, indexdef as definition from pg_indexes
    where tablename = 'meetings' and indexdef not like 'CREATE UNIQUE%'`;
    for (const { name } of indexes) await sql`drop index ${sql(name)}`;
    await sql`
    insert into meetings (user_id, platform, platform_specific_id, status, completion_reason, start_time, end_time,
      data, created_at, updated_at)
    select ${userId}, case when n % 10 = 1 then 'zoom' else 'local' end, 'room-' || n,
      case when n % 10 = 2 then 'failed' else 'completed' end, 'meeting_ended', at, at + interval '30 minutes',
      jsonb_build_object('bot_name', 'VexaBot', 'task', 'transcribe', 'model_identifier', 'tiny.en',
        'status_transition', '[{"to":"requested","from":null,"source":"user"},{"to":"active","from":"requested","source":"bot"},
          {"to":"completed","from":"active","source":"finish"}]'::jsonb)
      || case when n % 500 = 0 then jsonb_build_object('name', 'Review ' || n) else '{}' end,
      at, at
    from (select n, '2026-08-01'::timestamptz - n * interval '1 minute' as at from generate_series(${have + 1}::int, ${count}::int) n)`;
    for (const { definition } of indexes) await sql.unsafe(definition);
  });
  await pool`vacuum analyze meetings`;
}

const encode = (at: Date, id: number): string => Buffer.from(`at:${at.getTime()}:${id}`).toString('base64url');

/** The reads that a user makes of the list, by what they are called in the table. */
export async function listReads(sql: Sql, count: number): Promise<Record<string, string>> {
  const [middle] = await sql<{ id: number; at: Date }[]>`
    select id, created_at as at from meetings order by created_at desc offset ${count / 2} limit 1`;
  const cursor = middle ? encode(new Date(middle.at), middle.id) : '';
  return {
    'first page of 50': '/meetings?limit=50',
    'page of 50 in the middle': `/meetings?limit=50&cursor=${cursor}`,
    'page of 50, failed ones': '/meetings?limit=50&status=failed',
    'page of 50, on Zoom': '/meetings?limit=50&platform=zoom',
    'none active': '/meetings?limit=50&status=active',
    'search, a few hits': '/meetings?limit=50&search=review%20500',
    'search, every one a hit': '/meetings?limit=50&search=room',
    'one by its id': '/meetings/local/room-500',
    'offset to the middle (old clients)': `/meetings?limit=50&offset=${count / 2}`,
  };
}

export interface Cost {
  p50Ms: number;
  p95Ms: number;
  /** Pages of 8 kB that Postgres looked at for one read, the same on a busy machine as on an idle one. */
  pages: number;
}

/** What a read costs, of many one after the other. */
export async function measureReads(stack: BenchStack, path: string, times: number): Promise<Cost> {
  for (let n = 0; n < 10; n++) await stack.ask('GET', path);
  const before = await pagesRead(stack.sql);
  const took: number[] = [];
  for (let n = 0; n < times; n++) {
    const startedAt = performance.now();
    await stack.ask('GET', path);
    took.push(performance.now() - startedAt);
  }
  const pages = ((await pagesRead(stack.sql)) - before) / times;
  took.sort((a, b) => a - b);
  const at = (share: number): number => took[Math.floor(took.length * share)] ?? Number.NaN;
  return { p50Ms: at(0.5), p95Ms: at(0.95), pages };
}

/** Postgres counts up what a connection did once that has been idle for a second. */
const countedAfterMs = 1_500;

async function pagesRead(sql: Sql): Promise<number> {
  await sleep(countedAfterMs);
  const [row] = await sql<{ pages: number }[]>`
    select (blks_hit + blks_read)::float8 as pages from pg_stat_database where datname = current_database()`;
  return row?.pages ?? Number.NaN;
}
