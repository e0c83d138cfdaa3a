import { requireService, signIdentity } from '@vexa/shared/auth/identity-token';
import type { BotCallback, BotCallbackReply } from '@vexa/shared/contracts/bot';
import type { DrainReply } from '@vexa/shared/contracts/internal';
import type { Meeting } from '@vexa/shared/contracts/meeting';
import { transcriptChecksum } from '@vexa/shared/contracts/transcript';
import type { WebhookEventType } from '@vexa/shared/contracts/webhook-events';
import { connectDb, type DbConnection } from '@vexa/shared/db/client';
import { createApp } from '@vexa/shared/http/app';
import { type HttpServer, listen } from '@vexa/shared/http/server';
import { startPostgres, uniqueDatabaseName } from '@vexa/shared/local/postgres';
import { startRedis } from '@vexa/shared/local/redis';
import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { migrateWholesaler } from '@vexa/wholesaler-database/migrate';
import { users, webhookDeliveries } from '@vexa/wholesaler-database/schema';
import { and, eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type BotManagerConfig, configFromEnv } from '../src/config.ts';
import type { BotSpec, Runner } from '../src/runners/runner.ts';
import { createService } from '../src/service.ts';

export const adminKey = 'the-operator-of-the-tests';
export const internalSecret = 'internal-secret-of-the-tests';
const logger = createLogger('test', process.env.TEST_LOG ? 'debug' : 'silent');

export const nothingSaid: DrainReply = {
  drained: true,
  open_sessions: [],
  segment_count: 0,
  checksum: transcriptChecksum([]),
  audio_seconds: 0,
  speech_seconds: 0,
};
export const twoSegments: DrainReply = { ...nothingSaid, segment_count: 2, checksum: 'sum', audio_seconds: 9 };

/** Stands where the transcription-collector does, and answers what a test wants. */
export interface FakeCollector extends AsyncDisposable {
  url: string;
  drains: { meetingId: number; force: boolean }[];
  purged: number[];
  answer: (force: boolean) => DrainReply;
  port: number;
}

export async function startCollector(port = 0): Promise<FakeCollector> {
  const app = createApp(logger);
  app.use('/internal/*', requireService(internalSecret));
  const collector = {
    drains: [] as FakeCollector['drains'],
    purged: [] as number[],
    answer: (_force: boolean): DrainReply => twoSegments,
  };
  app.post('/internal/meetings/:id/drain', async (c) => {
    const { force } = (await c.req.json()) as { force: boolean };
    collector.drains.push({ meetingId: Number(c.req.param('id')), force });
    return c.json(collector.answer(force));
  });
  app.delete('/internal/meetings/:id', (c) => {
    collector.purged.push(Number(c.req.param('id')));
    return c.body(null, 204);
  });
  const http: HttpServer = await listen(app, { port, host: '127.0.0.1' });
  return Object.assign(collector, {
    url: http.url,
    port: Number(new URL(http.url).port),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  });
}

export interface Stores {
  databaseUrl: string;
  redisUrl: string;
  connection: DbConnection;
}

/** A real database and Redis of this test file. */
export function useStores(): Stores {
  const stack = new AsyncDisposableStack();
  const stores = {} as Stores;
  beforeAll(async () => {
    const postgres = stack.use(await startPostgres());
    const redis = stack.use(await startRedis());
    stores.databaseUrl = await postgres.createDatabase(uniqueDatabaseName('bots'));
    stores.redisUrl = redis.url;
    await migrateWholesaler(stores.databaseUrl);
    stores.connection = stack.use(connectDb(stores.databaseUrl));
  });
  // Bots of one test must not be found by the bot-manager of the next.
  afterEach(
    () =>
      stores.connection
        .sql`truncate users, meetings, bot_runs, idempotency_keys, webhook_endpoints, webhook_deliveries cascade`,
  );
  afterAll(() => stack.disposeAsync());
  return stores;
}

export interface Manager extends AsyncDisposable {
  url: string;
}

interface ManagerOptions {
  collector: { url: string };
  runner?: Runner;
  env?: Record<string, string>;
}

export const configFor = (stores: Stores, { collector, env = {} }: ManagerOptions): BotManagerConfig =>
  configFromEnv({
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'silent',
    DATABASE_URL: stores.databaseUrl,
    REDIS_URL: stores.redisUrl,
    INTERNAL_TOKEN_SECRET: internalSecret,
    SESSION_TOKEN_SECRET: 'session-secret-of-the-tests',
    ADMIN_API_TOKEN: adminKey,
    TRANSCRIPTION_COLLECTOR_URL: collector.url,
    WHISPERLIVE_URL: 'ws://127.0.0.1:9',
    MODELS: 'tiny.en,base.en',
    WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
    RECONCILE_INTERVAL_MS: '50',
    ...env,
  });

export async function startManager(stores: Stores, options: ManagerOptions): Promise<Manager> {
  const overrides = options.runner ? { runner: options.runner } : {};
  const service = createService(configFor(stores, options), { logger, ...overrides });
  const { url } = await service.start();
  return { url, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the shape it asks for
  body: any;
  headers: Headers;
}

export type Client = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

let emails = 0;

/** Calls as the gateway does for a new user. */
export async function newUser(
  stores: Stores,
  manager: { url: string },
  { limit = 5, scopes = ['*'] as ('bot' | 'tx' | '*')[] } = {},
): Promise<Client & { userId: number }> {
  const email = `user-${++emails}@example.com`;
  const values = { email, max_concurrent_bots: limit };
  const [user] = await stores.connection.db.insert(users).values(values).returning();
  const identity = { user_id: user!.id, email, scopes, max_concurrent_bots: limit, plan: null };
  const client: Client = async (method, path, body, headers = {}) => {
    const response = await fetch(manager.url + path, {
      method,
      headers: {
        'x-vexa-identity': await signIdentity(internalSecret, identity),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json(), headers: response.headers };
  };
  return Object.assign(client, { userId: user!.id });
}

/** Reports as a bot does. */
export async function report(
  bot: Pick<BotSpec, 'config'>,
  status: BotCallback['status'],
  more: Partial<BotCallback> = {},
): Promise<BotCallbackReply> {
  const response = await fetch(bot.config.botManagerCallbackUrl, {
    method: 'POST',
    headers: { authorization: `Bearer ${bot.config.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      connection_id: bot.config.connectionId,
      status,
      timestamp: new Date().toISOString(),
      ...more,
    }),
  });
  if (response.status !== 200) throw new Error(`a callback was answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as BotCallbackReply;
}

export const untilStatus = (client: Client, room: string, status: Meeting['status']): Promise<Meeting> =>
  waitFor(
    `the meeting ${room} to be ${status}`,
    async () => {
      const { body } = await client('GET', `/meetings/local/${room}`);
      return body.status === status && (body as Meeting);
    },
    { deadlineMs: 40_000 },
  );

export const statusesOf = (meeting: Meeting): string[] =>
  (meeting.data.status_transition as { to: string }[]).map(({ to }) => to);

export async function eventsOf(stores: Stores, userId: number, type: WebhookEventType) {
  const where = and(eq(webhookDeliveries.user_id, userId), eq(webhookDeliveries.event_type, type));
  const rows = await stores.connection.db.select().from(webhookDeliveries).where(where);
  return rows.map((row) => row.body);
}
