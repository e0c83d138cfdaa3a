import { signIdentity } from '@vexa/shared/auth/identity-token';
import type { Identity } from '@vexa/shared/contracts/internal';
import { connectDb } from '@vexa/shared/db/client';
import { startPostgres } from '@vexa/shared/local/postgres';
import { startRedis } from '@vexa/shared/local/redis';
import { createLogger } from '@vexa/shared/logging';
import { migrateWholesaler } from '@vexa/wholesaler-database/migrate';
import { expect } from 'vitest';
import { configFromEnv } from '../src/config.ts';
import { createService } from '../src/service.ts';

export const adminToken = 'operator-key-0123456789';
export const internalToken = 'internal-secret-0123456789';
export const logger = createLogger('test', 'silent');

interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are looked into by expectations
  body: any;
}

/** The service on a real Postgres and a real Redis. Calls carry the operator's key. */
export async function startAdminApi() {
  const stack = new AsyncDisposableStack();
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  stack.use(redis);
  stack.use(postgres);
  const databaseUrl = await postgres.createDatabase('admin');
  await migrateWholesaler(databaseUrl);
  const { db } = stack.use(connectDb(databaseUrl));
  const config = configFromEnv({
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    ADMIN_API_TOKEN: adminToken,
    INTERNAL_TOKEN_SECRET: internalToken,
    PORT: '0',
    HOST: '127.0.0.1',
  });
  const { url } = await stack.use(createService(config, { logger })).start();

  async function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(url + path, {
      method,
      headers: {
        'x-admin-api-key': adminToken,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }
  let people = 0;
  const newUser = async (): Promise<{ id: number; email: string }> =>
    (await call('POST', '/admin/users', { email: `p${++people}@example.com` })).body;
  /** A call as the gateway makes it for a user. */
  const callAs = async (
    user: { id: number; email: string },
    method: string,
    path: string,
    body?: unknown,
    headers = {},
  ) => {
    const identity: Identity = {
      user_id: user.id,
      email: user.email,
      scopes: ['*'],
      max_concurrent_bots: 1,
      plan: null,
    };
    const token = await signIdentity(internalToken, identity);
    return call(method, path, body, { 'x-admin-api-key': '', 'x-vexa-identity': token, ...headers });
  };
  return { url, db, postgres, redis, stack, call, callAs, newUser };
}
export type AdminApi = Awaited<ReturnType<typeof startAdminApi>>;

export const problem = (status: number, code: string, detail: unknown = expect.any(String)) => ({
  type: `urn:vexa:error:${code}`,
  title: expect.any(String),
  status,
  detail,
  code,
  request_id: expect.any(String),
});

export const fieldProblem = (...loc: (string | number)[]) =>
  problem(422, 'validation_error', expect.arrayContaining([expect.objectContaining({ loc })]));
