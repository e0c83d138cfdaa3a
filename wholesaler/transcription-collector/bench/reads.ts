import { signIdentity } from '@vexa/shared/auth/identity-token';
import { type BenchStack, secrets } from './stack.ts';

export interface ReadFigures {
  segmentsInTable: number;
  transcriptMs: number;
  sinceMs: number;
  searchMs: number;
}

const segmentsRead = 100;
const readUser = 900_001;

/** How long it takes to read one transcript of 100 segments, its changes, and to find a word, in tables of growing size. */
export async function benchReads(stack: BenchStack, sizes: number[]): Promise<ReadFigures[]> {
  await emptyTables(stack);
  await insertMeetings(stack, { user: readUser, count: 1 });
  const collector = await stack.startCollector({ LOG_LEVEL: 'info' });
  let headers = await identityHeaders();
  const get = async (path: string) => {
    const response = await fetch(collector.url + path, { headers });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${text.slice(0, 200)}`);
    return JSON.parse(text);
  };
  const figures: ReadFigures[] = [];
  const unhurried = await stack.connection.sql.reserve();
  await unhurried`set statement_timeout = 0`;
  let present = segmentsRead;
  for (const size of sizes) {
    if (size > present) await insertMeetings(stack, { user: 1, count: (size - present) / segmentsRead });
    present = Math.max(size, present);
    await unhurried`vacuum analyze transcriptions`;
    await unhurried`vacuum analyze meetings`;
    headers = await identityHeaders(); // the last one lasted a minute
    const path = `/transcripts/local/bench-${readUser}-1`;
    const { cursor, segments } = await get(path);
    if (segments.length !== segmentsRead) throw new Error(`read ${segments.length} segments`);
    const { hits } = await get('/search?q=seven');
    if (hits.length === 0) throw new Error('found nothing');
    figures.push({
      segmentsInTable: present,
      transcriptMs: await medianMs(() => get(path)),
      sinceMs: await medianMs(() => get(`${path}?since=${cursor}`)),
      searchMs: await medianMs(() => get('/search?q=seven')),
    });
  }
  unhurried.release();
  await collector.stop('SIGTERM');
  return figures;
}

const identityHeaders = async () => ({
  'x-vexa-identity': await signIdentity(secrets.internal, {
    user_id: readUser,
    email: 'bench@example.com',
    scopes: ['tx'],
    max_concurrent_bots: 1,
    plan: null,
  }),
});

async function emptyTables({ connection }: BenchStack): Promise<void> {
  await connection.sql`truncate transcriptions, meeting_sessions`;
}

/** Meetings of 100 stored segments each, of which every tenth holds the word that is searched for. */
async function insertMeetings(
  { connection }: BenchStack,
  { user, count }: { user: number; count: number },
): Promise<void> {
  const perStep = 400;
  for (let from = 0; from < count; from += perStep) {
    const to = Math.min(count, from + perStep);
    await connection.sql`
      with m as (
        insert into meetings (user_id, platform, platform_specific_id, status, end_time)
        select ${user}, 'local', 'bench-' || ${user}::text || '-' || n, 'completed', now()
        from generate_series(${from + 1}::int, ${to}::int) n returning id
      ), s as (
        insert into meeting_sessions (meeting_id, session_uid, session_start_time, speaker, ended_at)
        select id, 's' || id, now() - interval '1 hour', 'Ann', now() from m
      )
      insert into transcriptions (meeting_id, user_id, segment_id, session_uid, start_time, end_time, text, language)
      select m.id, ${user}, 's' || m.id || ':' || n, 's' || m.id, n * 3, n * 3 + 2,
        case n % 10 when 7 then 'sentence seven of many words that somebody said ' else 'one of the other sentences ' end || n,
        'en'
      from m cross join generate_series(0, ${segmentsRead - 1}::int) n`;
  }
}

async function medianMs(work: () => Promise<unknown>, times = 60): Promise<number> {
  for (let i = 0; i < 15; i++) await work();
  const took: number[] = [];
  for (let i = 0; i < times; i++) {
    const startedAt = performance.now();
    await work();
    took.push(performance.now() - startedAt);
  }
  return took.sort((a, b) => a - b)[Math.floor(times / 2)] ?? Number.NaN;
}
