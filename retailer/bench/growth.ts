import { setTimeout as wait } from 'node:timers/promises';
import type { BenchStack } from './stack.ts';

const segmentsEach = 100;
/** Meetings with words: the newest, which are read. The others are only listed. */
const withWords = 50;

/**
 * Brings the user's finished meetings to `count`, one a minute back in time from the last. Of those, the last `withWords`
 * have 100 segments each.
 */
export async function fillMeetings({ sql: pool, userId }: BenchStack, count: number): Promise<void> {
  await pool.begin(async (sql) => {
    await sql`set local statement_timeout = 0`;
    const [{ have } = { have: 0 }] = await sql<{ have: number }[]>`select count(*)::int as have from meetings`;
    await sql`
      insert into meetings (user_id, platform, platform_specific_id, status, completion_reason, is_live, start_time,
        end_time, transcript_cached_at, wholesaler_cleaned_at, data)
      select ${userId}, 'local', 'room-' || n, 'completed', 'meeting_ended', false, now(), now(), now(), now(), '{}'
      from generate_series(${have + 1}::int, ${count}::int) n`;
    await sql`
      insert into user_meetings (user_id, meeting_id)
      select ${userId}, m.id from meetings m
      where not exists (select 1 from user_meetings u where u.meeting_id = m.id)`;
    await sql`
      insert into transcriptions (meeting_id, segment_id, session_uid, start_time, end_time, text, speaker, language)
      select m.id, 's:' || n, 's', n * 3, n * 3 + 2.5, 'one of the sentences that somebody said ' || n, 'Ann', 'en'
      from (select id from meetings order by id desc limit ${withWords}) m
      cross join generate_series(0, ${segmentsEach - 1}::int) n`;
  });
  for (const table of ['meetings', 'user_meetings', 'transcriptions']) await pool`vacuum analyze ${pool(table)}`;
}

/** What a user reads, by what it is called in the table. */
export async function readsAt({ sql }: BenchStack, count: number): Promise<Record<string, string>> {
  const [middle] = await sql<
    { id: number }[]
  >`select id from meetings order by id offset ${Math.floor(count / 2)} limit 1`;
  const cursor = Buffer.from(`id:${middle?.id}`).toString('base64url');
  return {
    'first page of 50': '/meetings?limit=50',
    'page of 50 in the middle': `/meetings?limit=50&cursor=${cursor}`,
    'those that failed (none)': '/meetings?limit=50&status=failed',
    'one meeting': `/meetings/local/room-${count - 3}`,
    'one finished transcript': `/transcripts/local/room-${count - 3}`,
  };
}

/** Postgres counts up what a connection did once that has been idle for a second. */
const countedAfterMs = 1_500;

/** Pages of 8 kB that Postgres looked at for one read, the same on a busy machine as on an idle one, and the median wait. */
export async function measureReads(stack: BenchStack, path: string, times: number) {
  const ask = async () => {
    const answer = await fetch(stack.url + path, { headers: { 'x-api-key': stack.key } });
    const body = await answer.text();
    if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status}: ${body.slice(0, 200)}`);
  };
  for (let n = 0; n < 10; n++) await ask();
  const before = await pagesRead(stack);
  const took: number[] = [];
  for (let n = 0; n < times; n++) {
    const startedAt = performance.now();
    await ask();
    took.push(performance.now() - startedAt);
  }
  took.sort((a, b) => a - b);
  return { pages: ((await pagesRead(stack)) - before) / times, p50Ms: took[Math.floor(times / 2)] ?? Number.NaN };
}

async function pagesRead({ sql }: BenchStack): Promise<number> {
  await wait(countedAfterMs);
  const [row] = await sql<{ pages: number }[]>`
    select (blks_hit + blks_read)::float8 as pages from pg_stat_database where datname = current_database()`;
  return row?.pages ?? Number.NaN;
}
