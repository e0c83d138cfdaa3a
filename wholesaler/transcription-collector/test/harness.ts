import { signIdentity, signServiceCall } from '@vexa/shared/auth/identity-token';
import { signSessionToken } from '@vexa/shared/auth/session-token';
import { DrainReply } from '@vexa/shared/contracts/internal';
import { streams } from '@vexa/shared/contracts/redis-names';
import type { SpokenWord } from '@vexa/shared/contracts/stream-messages';
import { Transcript } from '@vexa/shared/contracts/transcript';
import { connectDb, type DbConnection } from '@vexa/shared/db/client';
import { startPostgres, uniqueDatabaseName } from '@vexa/shared/local/postgres';
import { type LocalRedis, startRedis } from '@vexa/shared/local/redis';
import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { migrateWholesaler } from '@vexa/wholesaler-database/migrate';
import { meetings } from '@vexa/wholesaler-database/schema';
import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { type CollectorConfig, configFromEnv } from '../src/config.ts';
import { type CollectorService, createService, type Overrides } from '../src/service.ts';

export const secrets = { internal: 'internal-secret-for-tests', session: 'session-secret-for-tests' };
export const logger = createLogger('test', 'silent');

export interface Harness extends AsyncDisposable {
  readonly databaseUrl: string;
  readonly server: LocalRedis;
  readonly connection: DbConnection;
  readonly redis: Redis;
  config(overrides?: Record<string, string>): CollectorConfig;
}

/** A real Postgres with the wholesaler's tables, and a real Redis. */
export async function startHarness(): Promise<Harness> {
  const stack = new AsyncDisposableStack();
  const postgres = stack.use(await startPostgres());
  const server = stack.use(await startRedis());
  const databaseUrl = await postgres.createDatabase(uniqueDatabaseName('collector'));
  await migrateWholesaler(databaseUrl);
  const connection = stack.use(connectDb(databaseUrl, { max: 4 }));
  const redis = new Redis(server.url);
  redis.on('error', () => {}); // some tests end the server
  stack.defer(() => redis.disconnect());
  return {
    databaseUrl,
    server,
    connection,
    redis,
    config: (overrides = {}) => configFromEnv({ ...envOf({ databaseUrl, redisUrl: server.url }), ...overrides }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export const envOf = ({ databaseUrl, redisUrl }: { databaseUrl: string; redisUrl: string }) => ({
  HOST: '127.0.0.1',
  PORT: '0',
  LOG_LEVEL: 'silent',
  DATABASE_URL: databaseUrl,
  REDIS_URL: redisUrl,
  INTERNAL_TOKEN_SECRET: secrets.internal,
  SESSION_TOKEN_SECRET: secrets.session,
  IMMUTABILITY_THRESHOLD_SECONDS: '600',
  FLUSH_INTERVAL_MS: '50',
  CLAIM_IDLE_MS: '300',
});

export interface Running {
  service: CollectorService;
  url: string;
}

export async function startCollector(
  harness: Harness,
  overrides: Record<string, string> = {},
  more: Overrides = {},
): Promise<Running> {
  const service = createService(harness.config(overrides), { logger, ...more });
  const { url } = await service.start();
  return { service, url };
}

/** A collector for all tests of a file, on stores of its own; both are there once the tests run. */
export function useCollector(
  overrides: Record<string, string> = {},
  more: Overrides = {},
): { harness: Harness; collector: Running } {
  const stack = new AsyncDisposableStack();
  const [harness, collector] = [{} as Harness, {} as Running];
  beforeAll(async () => {
    Object.assign(harness, stack.use(await startHarness()));
    Object.assign(collector, await startCollector(harness, overrides, more));
    stack.use(collector.service);
  });
  afterAll(() => stack.disposeAsync());
  return { harness, collector };
}

let rooms = 0;

/** A meeting of a user, and all that its bot and its readers say and ask. */
export async function newMeeting(harness: Harness, userId = 1) {
  const nativeId = `room-${++rooms}`;
  const [row] = await harness.connection.db
    .insert(meetings)
    .values({ user_id: userId, platform: 'local', platform_specific_id: nativeId, status: 'active' })
    .returning();
  const id = row!.id;
  const token = await signSessionToken(secrets.session, { meeting_id: id, user_id: userId, connection_id: 'bot-1' });
  return { id, nativeId, userId, token };
}
export type TestMeeting = Awaited<ReturnType<typeof newMeeting>>;

export const startAt = Date.parse('2026-08-01T09:00:00.000Z');
const at = (seconds: number) => new Date(startAt + seconds * 1000).toISOString();

interface StartOptions {
  speaker?: string;
  /** Seconds after the meeting's first moment. */
  atSeconds?: number;
  resumes?: { uid: string; from_seconds: number };
}

export const sessionStart = (m: TestMeeting, uid: string, { atSeconds = 0, ...rest }: StartOptions = {}) => ({
  v: 1,
  type: 'session_start',
  uid,
  token: m.token,
  platform: 'local',
  meeting_id: m.id,
  native_meeting_id: m.nativeId,
  model_identifier: 'tiny.en',
  start_timestamp: at(atSeconds),
  ...rest,
});

export interface Said {
  n: number;
  start: number;
  end: number;
  text: string;
  completed?: boolean;
  speaker?: string;
  words?: SpokenWord[];
}

export const said = (m: TestMeeting, uid: string, ...segments: Said[]) => ({
  v: 1,
  type: 'transcription',
  uid,
  token: m.token,
  segments: segments.map(({ n, completed = true, ...rest }) => ({
    segment_id: `${uid}:${n}`,
    language: 'en',
    completed,
    ...rest,
  })),
});

export const sessionEnd = (m: TestMeeting, uid: string, audioSeconds = 60) => ({
  v: 1,
  type: 'session_end',
  uid,
  token: m.token,
  end_timestamp: at(audioSeconds),
  audio_seconds: audioSeconds,
  speech_seconds: audioSeconds / 2,
});

export const spoke = (m: TestMeeting, uid: string, name: string, type: 'START' | 'END', seconds: number) => ({
  v: 1,
  uid,
  token: m.token,
  event_type: `SPEAKER_${type}`,
  participant_name: name,
  participant_id: `p-${name}`,
  relative_client_timestamp_ms: seconds * 1000,
});

export async function send(redis: Redis, ...messages: unknown[]): Promise<string[]> {
  const ids: string[] = [];
  for (const message of messages) {
    ids.push((await redis.xadd(streams.segments, '*', 'payload', JSON.stringify(message)))!);
  }
  return ids;
}

/** Takes what is new as another consumer of the group does that never answers for it. */
export const takeSilently = (redis: Redis, consumer: string): Promise<unknown> =>
  redis.xreadgroup('GROUP', streams.collectorGroup, consumer, 'COUNT', 10, 'STREAMS', streams.segments, '>');

export async function sendSpeakerEvents(redis: Redis, ...events: unknown[]): Promise<void> {
  for (const event of events) await redis.xadd(streams.speakerEvents, '*', 'payload', JSON.stringify(event));
}

export const identityOf = (userId: number, scopes: ('tx' | 'bot' | '*')[] = ['tx']) =>
  signIdentity(secrets.internal, {
    user_id: userId,
    email: 'a@example.com',
    scopes,
    max_concurrent_bots: 1,
    plan: null,
  });

export const askTranscript = async (url: string, m: TestMeeting): Promise<Response> =>
  fetch(`${url}/transcripts/local/${m.nativeId}`, { headers: { 'x-vexa-identity': await identityOf(m.userId) } });

export async function getTranscript(url: string, m: TestMeeting): Promise<Transcript> {
  const response = await askTranscript(url, m);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return Transcript.parse(await response.json());
}

export const textsOf = async (url: string, m: TestMeeting): Promise<string[]> =>
  (await getTranscript(url, m)).segments.map(({ text }) => text);

export async function drain(url: string, m: TestMeeting, force = false): Promise<DrainReply> {
  const response = await fetch(`${url}/internal/meetings/${m.id}/drain`, {
    method: 'POST',
    headers: {
      'x-vexa-identity': await signServiceCall(secrets.internal, 'bot-manager'),
      'content-type': 'application/json',
    },
    body: JSON.stringify({ force }),
  });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return DrainReply.parse(await response.json());
}

export const drained = (url: string, m: TestMeeting, options = {}): Promise<DrainReply> =>
  waitFor(
    'the meeting to be drained',
    async () => {
      const reply = await drain(url, m);
      return reply.drained ? reply : undefined;
    },
    options,
  );

export async function purge(url: string, m: TestMeeting): Promise<number> {
  const headers = { 'x-vexa-identity': await signServiceCall(secrets.internal, 'bot-manager') };
  return (await fetch(`${url}/internal/meetings/${m.id}`, { method: 'DELETE', headers })).status;
}

/** Until every entry sent so far is consumed. */
export const consumed = (redis: Redis): Promise<boolean> =>
  waitFor('the streams to be consumed', async () => {
    for (const stream of [streams.segments, streams.speakerEvents]) {
      if ((await redis.xlen(stream)) > 0) return false;
    }
    return true;
  });
