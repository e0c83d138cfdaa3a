import { signIdentity } from '@vexa/shared/auth/identity-token';
import { connectDb, type Sql } from '@vexa/shared/db/client';
import { startPostgres } from '@vexa/shared/local/postgres';
import { startRedis } from '@vexa/shared/local/redis';
import { createLogger } from '@vexa/shared/logging';
import { migrateWholesaler } from '@vexa/wholesaler-database/migrate';
import { type Dispatcher, Pool } from 'undici';
import { configFromEnv } from '../src/config.ts';
import { createService } from '../src/service.ts';
import { createFakeRunner } from '../test/fake-runner.ts';

const internalSecret = 'internal-secret-of-the-bench';

export interface BenchStack extends AsyncDisposable {
  sql: Sql;
  userId: number;
  /** Throws unless the answer has this status. */
  ask(method: Dispatcher.HttpMethod, path: string, options?: { body?: unknown; status?: number }): Promise<unknown>;
  /** The answer's status, whatever it is. */
  statusOf(method: Dispatcher.HttpMethod, path: string, body: unknown): Promise<number>;
}

/** A bot-manager on a real Postgres and Redis of its own, whose bots are only names, and one user. */
export async function startBenchStack({ limit }: { limit: number }): Promise<BenchStack> {
  const stack = new AsyncDisposableStack();
  const postgres = stack.use(await startPostgres());
  const redis = stack.use(await startRedis());
  const databaseUrl = await postgres.createDatabase('bench');
  await migrateWholesaler(databaseUrl);
  const { sql } = stack.use(connectDb(databaseUrl));
  const config = configFromEnv({
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'silent',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    INTERNAL_TOKEN_SECRET: internalSecret,
    SESSION_TOKEN_SECRET: 'session-secret-of-the-bench',
    ADMIN_API_TOKEN: 'the-operator-of-the-bench',
    TRANSCRIPTION_COLLECTOR_URL: 'http://127.0.0.1:9',
    WHISPERLIVE_URL: 'ws://127.0.0.1:9',
    MODELS: 'tiny.en',
    // Bots that are only names send no heartbeats.
    HEARTBEAT_TIMEOUT_MS: '3600000',
    REQUESTED_TIMEOUT_MS: '3600000',
  });
  const logger = createLogger('bench', 'silent');
  const service = stack.use(createService(config, { logger, runner: createFakeRunner() }));
  const { url } = await service.start();
  const values = { email: 'bench@example.com', max_concurrent_bots: limit };
  const [user] = await sql<{ id: number }[]>`insert into users ${sql(values)} returning id`;
  const userId = user?.id ?? 0;
  const identity = {
    user_id: userId,
    email: values.email,
    scopes: ['*' as const],
    max_concurrent_bots: limit,
    plan: null,
  };
  const pool = new Pool(url, { connections: 64 });
  stack.defer(() => pool.close());

  const send = async (method: Dispatcher.HttpMethod, path: string, body?: unknown) => {
    const headers = {
      'x-vexa-identity': await signIdentity(internalSecret, identity),
      'content-type': 'application/json',
    };
    const payload = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await pool.request({ method, path, headers, ...payload });
    return { status: response.statusCode, body: await response.body.json() };
  };
  return {
    sql,
    userId,
    async ask(method, path, { body, status = 200 } = {}) {
      const answer = await send(method, path, body);
      if (answer.status !== status) throw new Error(`${method} ${path} was answered ${answer.status}`);
      return answer.body;
    },
    statusOf: async (method, path, body) => (await send(method, path, body)).status,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
