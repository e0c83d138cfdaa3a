import type { Sql } from '@vexa/shared/db/client';
import type { BenchStack } from './stack.ts';

/**
 * Brings the user's finished meetings to `count`, one a minute back in time: 1 % failed, 2 % on Zoom, every 500th named
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
    select ${userId}, case when n % 50 = 0 then 'zoom' else 'local' end, 'room-' || n,
      case when n % 100 = 0 then 'failed' else 'completed' end, 'meeting_ended', at, at + interval '30 minutes',
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

interface Page {
  meetings: { id: number }[];
  next_cursor: string | null;
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
    'search, one hit': '/meetings?limit=50&search=review%20500',
    'search, every one a hit': '/meetings?limit=50&search=room',
    'one by its id': '/meetings/local/room-501',
    'offset to the middle (old clients)': `/meetings?limit=50&offset=${count / 2}`,
  };
}

/** Milliseconds of reads one after the other. The quickest tenth is what tells growth on a machine that others use too. */
export async function timeReads(
  stack: BenchStack,
  path: string,
  times: number,
): Promise<{ p10: number; p50: number; p95: number }> {
  const took: number[] = [];
  for (let n = -10; n < times; n++) {
    const startedAt = performance.now();
    (await stack.ask('GET', path)) as Page;
    if (n >= 0) took.push(performance.now() - startedAt);
  }
  took.sort((a, b) => a - b);
  const at = (share: number): number => took[Math.floor(took.length * share)] ?? Number.NaN;
  return { p10: at(0.1), p50: at(0.5), p95: at(0.95) };
}
