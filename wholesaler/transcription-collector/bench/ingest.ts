import { signSessionToken } from '@vexa/shared/auth/session-token';
import { streams } from '@vexa/shared/contracts/redis-names';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { meetings } from '@vexa/wholesaler-database/schema';
import { type BenchStack, type CollectorProcess, secrets } from './stack.ts';

export interface IngestLoad {
  meetings: number;
  sessionsPerMeeting: number;
  segmentsPerSession: number;
  /** Drafts of each segment before its final. */
  drafts: number;
}

export interface IngestFigures {
  collectors: number;
  segments: number;
  messages: number;
  seconds: number;
  cpuSeconds: number;
  segmentsPerSecond: number;
  segmentsPerCpuSecond: number;
  lost: number;
  doubled: number;
  wrong: number;
  killed: number;
}

const startAt = Date.parse('2026-08-01T09:00:00.000Z');
let users = 0;
const deadlineMs = 300_000;

/**
 * Fills the stream with messages of one segment each, as whisperlive sends them, then lets collectors take them until
 * every segment is in Postgres. With `kill`, one collector is ended by force half-way and replaced.
 */
export async function benchIngest(
  stack: BenchStack,
  { load, collectors, kill }: { load: IngestLoad; collectors: number; kill: boolean },
): Promise<IngestFigures> {
  await stack.redis.flushall();
  const ids = await fillStream(stack, load);
  const segments = load.meetings * load.sessionsPerMeeting * load.segmentsPerSession;
  const env = { IMMUTABILITY_THRESHOLD_SECONDS: '0', CLAIM_IDLE_MS: '2000', LOG_LEVEL: 'info' };
  const stored = async () => {
    const [row] = await stack.connection.sql<{ count: number }[]>`
      select count(*)::int as count from transcriptions where meeting_id = any(${ids})`;
    return row?.count ?? 0;
  };
  const running = await Promise.all(Array.from({ length: collectors }, () => stack.startCollector(env)));
  const cpuOfAll = async () => {
    const each = await Promise.all(running.map((collector) => collector.cpuSeconds()));
    return each.reduce((sum, one) => sum + one, 0);
  };
  // From the first stored segments on, so that starting a process is not counted as its work.
  const first = await waitFor('the first segments', async () => (await stored()) || undefined, {
    everyMs: 10,
    deadlineMs,
  });
  const startedAt = performance.now();
  const cpuAtFirst = await cpuOfAll();
  let killed = 0;
  await waitFor(
    'every segment in Postgres',
    async () => {
      const count = await stored();
      if (kill && killed === 0 && count > segments / 3) killed = await replaceOne(stack, running, env);
      return count >= segments;
    },
    { deadlineMs, everyMs: 50 },
  );
  const seconds = (performance.now() - startedAt) / 1000;
  // A killed collector takes its figure along.
  const cpuSeconds = killed > 0 ? Number.NaN : (await cpuOfAll()) - cpuAtFirst;
  const check = await checkStored(stack, ids, load);
  await Promise.all(running.map((collector) => collector.stop('SIGTERM')));
  return {
    collectors,
    segments,
    messages: segments * (load.drafts + 1),
    seconds,
    cpuSeconds,
    segmentsPerSecond: (segments - first) / seconds,
    segmentsPerCpuSecond: (segments - first) / cpuSeconds,
    killed,
    ...check,
  };
}

async function replaceOne(stack: BenchStack, running: CollectorProcess[], env: Record<string, string>) {
  const at = Math.floor(Math.random() * running.length);
  await running[at]?.stop('SIGKILL');
  running[at] = await stack.startCollector(env);
  return 1;
}

const textOf = (uid: string, n: number) => `${uid} says sentence number ${n} of what it has to say today`;

async function fillStream({ connection, redis }: BenchStack, load: IngestLoad): Promise<number[]> {
  const user_id = ++users;
  const rows = await connection.db
    .insert(meetings)
    .values(
      Array.from({ length: load.meetings }, (_, i) => ({
        user_id,
        platform: 'local' as const,
        platform_specific_id: `bench-${user_id}-${i}`,
        status: 'active' as const,
      })),
    )
    .returning();
  const speakers = await Promise.all(
    rows.flatMap(({ id, platform_specific_id: nativeId }) =>
      Array.from({ length: load.sessionsPerMeeting }, async (_, s) => {
        const claims = { meeting_id: id, user_id, connection_id: `bot-${id}` };
        return { uid: `m${id}s${s}`, meetingId: id, nativeId, token: await signSessionToken(secrets.session, claims) };
      }),
    ),
  );
  let pipeline = redis.pipeline();
  const send = (message: object) =>
    pipeline.xadd(streams.segments, '*', 'payload', JSON.stringify({ v: 1, ...message }));
  for (const { uid, token, meetingId, nativeId } of speakers) {
    send({
      type: 'session_start',
      uid,
      token,
      platform: 'local',
      meeting_id: meetingId,
      native_meeting_id: nativeId,
      model_identifier: 'tiny.en',
      start_timestamp: new Date(startAt).toISOString(),
      speaker: `Speaker ${uid}`,
    });
  }
  for (let n = 0; n < load.segmentsPerSession; n++) {
    for (let revision = 0; revision <= load.drafts; revision++) {
      for (const { uid, token } of speakers) {
        const completed = revision === load.drafts;
        const text = completed ? textOf(uid, n) : textOf(uid, n).slice(0, 20 * (revision + 1));
        const segment = { segment_id: `${uid}:${n}`, start: n * 3, end: n * 3 + 2.5, text, language: 'en', completed };
        send({ type: 'transcription', uid, token, segments: [segment] });
      }
    }
    await pipeline.exec();
    pipeline = redis.pipeline();
  }
  return rows.map(({ id }) => id);
}

async function checkStored({ connection }: BenchStack, ids: number[], load: IngestLoad) {
  const rows = await connection.sql<{ segment_id: string; session_uid: string; text: string }[]>`
    select segment_id, session_uid, text from transcriptions where meeting_id = any(${ids})`;
  const seen = new Set(rows.map(({ segment_id }) => segment_id));
  const wrong = rows.filter(
    ({ segment_id: id, session_uid, text }) => text !== textOf(session_uid, Number(id.split(':')[1])),
  );
  const expected = load.meetings * load.sessionsPerMeeting * load.segmentsPerSession;
  const [usage] = await connection.sql<{ seconds: number }[]>`
    select sum(total_segment_duration_seconds) as seconds from meeting_sessions where meeting_id = any(${ids})`;
  const counted = Math.abs((usage?.seconds ?? 0) - expected * 2.5) < 1e-3 ? 0 : 1;
  return { lost: expected - seen.size, doubled: rows.length - seen.size, wrong: wrong.length + counted };
}
