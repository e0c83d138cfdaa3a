import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { configFromEnv as adminConfig } from '@vexa/admin-api/config';
import { createService as createAdminApi } from '@vexa/admin-api/service';
import { type IdentityVariables, requireIdentity } from '@vexa/shared/auth/identity-token';
import type { Scope } from '@vexa/shared/contracts/internal';
import { createApp } from '@vexa/shared/http/app';
import { mountHealth } from '@vexa/shared/http/health';
import { type HttpServer, listen } from '@vexa/shared/http/server';
import { startPostgres } from '@vexa/shared/local/postgres';
import { startRedis } from '@vexa/shared/local/redis';
import { createLogger } from '@vexa/shared/logging';
import { connectRedis } from '@vexa/shared/redis/client';
import { migrateWholesaler } from '@vexa/wholesaler-database/migrate';
import { configFromEnv } from '../src/config.ts';
import { createService } from '../src/service.ts';

export const adminToken = 'operator-key-0123456789';
export const internalToken = 'internal-secret-0123456789';
export const logger = createLogger('test', 'silent');

/** A stand-in for a service: over real HTTP, it checks the identity as a service does and answers what it was asked. */
async function startEchoService(name: string): Promise<HttpServer> {
  const app = createApp<IdentityVariables>(logger);
  mountHealth(app, {});
  app.use('*', requireIdentity(internalToken));
  app.get('/meetings/local/:id', (c, next) => {
    const id = c.req.param('id');
    if (id === 'theirs') return c.json({ detail: 'Meeting not found' }, 404);
    if (id === 'broken') return c.json({ detail: 'broken' }, 500);
    const number = /^live-(\d+)$/.exec(id)?.[1];
    return number ? c.json({ id: Number(number) }) : next();
  });
  app.get('/transcripts/local/streamed', (c) => {
    const parts = ['first ', 'second ', 'third'];
    const stream = new ReadableStream({
      async pull(controller) {
        const part = parts.shift();
        if (part === undefined) return controller.close();
        controller.enqueue(new TextEncoder().encode(part));
        if (part === 'first ') await held.promise;
      },
    });
    return c.body(stream, 200, { 'content-type': 'text/event-stream' });
  });
  app.get('/transcripts/local/slow', () => new Promise<Response>(() => {}));
  app.all('*', async (c) => {
    const { identity } = c.var;
    const body = await c.req.text();
    const path = new URL(c.req.url).pathname + new URL(c.req.url).search;
    c.header('x-answered-by', name);
    c.header('keep-alive', 'timeout=99');
    return c.json({ name, method: c.req.method, path, headers: c.req.header(), body, identity }, 201);
  });
  return listen(app, { port: 0, host: '127.0.0.1' });
}

/** Holds the stand-in's streamed answer after its first part. */
export let held = Promise.withResolvers<void>();
export const holdStream = (): void => {
  held = Promise.withResolvers();
};

/** Answers every request with something that is not HTTP. */
async function startNonsense(): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer();
  server.on('connection', (socket) => socket.end('SSH-2.0-nonsense\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Postgres, Redis, admin-api, stand-ins for bot-manager and collector, and a gateway before them. */
export async function startEdge() {
  const stack = new AsyncDisposableStack();
  const [postgres, redisServer] = await Promise.all([startPostgres(), startRedis()]);
  stack.use(postgres);
  stack.use(redisServer);
  const databaseUrl = await postgres.createDatabase('edge');
  await migrateWholesaler(databaseUrl);
  const common = { REDIS_URL: redisServer.url, INTERNAL_TOKEN_SECRET: internalToken, PORT: '0', HOST: '127.0.0.1' };
  const admin = stack.use(
    createAdminApi(adminConfig({ ...common, DATABASE_URL: databaseUrl, ADMIN_API_TOKEN: adminToken }), { logger }),
  );
  const { url: adminUrl } = await admin.start();
  const botManager = stack.use(await startEchoService('bot-manager'));
  const collector = stack.use(await startEchoService('collector'));
  const nonsense = stack.use(await startNonsense());
  const startService = async (env: Record<string, string> = {}) => {
    const config = configFromEnv({
      ...common,
      ADMIN_API_URL: adminUrl,
      BOT_MANAGER_URL: botManager.url,
      TRANSCRIPTION_COLLECTOR_URL: collector.url,
      UPSTREAM_TIMEOUT_MS: '20000',
      ...env,
    });
    const gateway = stack.use(createService(config, { logger }));
    return { gateway, ...(await gateway.start()) };
  };
  const startGateway = async (env: Record<string, string> = {}) => (await startService(env)).url;
  const url = await startGateway();
  const redis = connectRedis(redisServer.url, logger);
  stack.defer(() => redis.disconnect());

  const adminCall = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(url + path, {
      method,
      headers: { 'x-admin-api-key': adminToken, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  let people = 0;
  /** A new user with a key, made through the gateway. */
  const newKey = async (scopes?: Scope[]) => {
    const { body: user } = await adminCall('POST', '/admin/users', { email: `p${++people}@example.com` });
    const { status, body: issued } = await adminCall('POST', `/admin/users/${user.id}/tokens`, { scopes });
    if (status !== 201) throw new Error(`No key was issued: ${status} ${JSON.stringify(issued)}`);
    return { user, key: issued.token as string, tokenId: issued.id as number };
  };
  const serviceEnv = { ...common, DATABASE_URL: databaseUrl };
  return {
    url,
    serviceEnv,
    adminToken,
    redis,
    redisServer,
    nonsenseUrl: nonsense.url,
    startGateway,
    startService,
    adminCall,
    newKey,
    stack,
  };
}
export type Edge = Awaited<ReturnType<typeof startEdge>>;
