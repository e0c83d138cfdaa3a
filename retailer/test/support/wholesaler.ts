import { configFromEnv as adminApiConfig } from '@vexa/admin-api/config';
import { createService as createAdminApi } from '@vexa/admin-api/service';
import { configFromEnv as gatewayConfig } from '@vexa/api-gateway/config';
import { createService as createGateway } from '@vexa/api-gateway/service';
import { configFromEnv as botManagerConfig } from '@vexa/bot-manager/config';
import { createService as createBotManager } from '@vexa/bot-manager/service';
import { connectDb, type Sql } from '@vexa/shared/db/client';
import { startPostgres, uniqueDatabaseName } from '@vexa/shared/local/postgres';
import { startRedis } from '@vexa/shared/local/redis';
import type { Logger } from '@vexa/shared/logging';
import { connectRedis } from '@vexa/shared/redis/client';
import { configFromEnv as collectorConfig } from '@vexa/transcription-collector/config';
import { createService as createCollector } from '@vexa/transcription-collector/service';
import { migrateWholesaler } from '@vexa/wholesaler-database/migrate';
import { afterAll, beforeAll } from 'vitest';
import { type Answer, answerOf, type Retailer, useRetailer } from '../fixture.ts';
import { type EventTrap, startEventTrap } from './event-trap.ts';
import { createScriptedBots, type ScriptedBots } from './scripted-bots.ts';
import { Wire } from './wire.ts';

export const wholesalerAdminToken = 'wholesaler-operator-0123456789';

/** The wholesaler's real services on a Postgres and Redis of their own; only its bots are scripted. */
export interface Wholesaler {
  /** The gateway, through a wire that can be listened to and broken. */
  readonly wire: Wire;
  readonly gatewayUrl: string;
  readonly systemKey: string;
  readonly bots: ScriptedBots;
  readonly sql: Sql;
  /** Asks the gateway, past the wire, as the system user does. */
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  admin(method: string, path: string, body?: unknown): Promise<Answer>;
}

const local = { HOST: '127.0.0.1', PORT: '0' };
const secrets = {
  INTERNAL_TOKEN_SECRET: 'internal-secret-of-the-tests',
  SESSION_TOKEN_SECRET: 'session-secret-of-the-tests',
};

export function useWholesaler(logger: Logger): Wholesaler {
  const stack = new AsyncDisposableStack();
  const wholesaler = {} as { -readonly [K in keyof Wholesaler]: Wholesaler[K] };
  beforeAll(async () => {
    Object.assign(wholesaler, await startWholesaler(stack, logger));
  });
  afterAll(() => stack.disposeAsync());
  return wholesaler;
}

async function startWholesaler(stack: AsyncDisposableStack, logger: Logger): Promise<Wholesaler> {
  const [postgres, redisServer] = await Promise.all([startPostgres(), startRedis()]);
  stack.use(postgres);
  stack.use(redisServer);
  const DATABASE_URL = await postgres.createDatabase(uniqueDatabaseName('wholesaler'));
  await migrateWholesaler(DATABASE_URL);
  const { sql } = stack.use(connectDb(DATABASE_URL, { max: 4 }));
  const redis = connectRedis(redisServer.url, logger);
  stack.defer(() => redis.disconnect());
  const bots = createScriptedBots(redis);
  const env = { ...local, ...secrets, DATABASE_URL, REDIS_URL: redisServer.url, ADMIN_API_TOKEN: wholesalerAdminToken };
  const adminApi = stack.use(createAdminApi(adminApiConfig(env), { logger }));
  const collector = stack.use(createCollector(collectorConfig({ ...env, FLUSH_INTERVAL_MS: '50' }), { logger }));
  const [{ url: adminUrl }, { url: collectorUrl }] = await Promise.all([adminApi.start(), collector.start()]);
  const botManager = stack.use(
    createBotManager(
      botManagerConfig({
        ...env,
        TRANSCRIPTION_COLLECTOR_URL: collectorUrl,
        WHISPERLIVE_URL: 'ws://127.0.0.1:9',
        MODELS: 'tiny.en',
        WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
        RECONCILE_INTERVAL_MS: '100',
        // Scripted bots send no heartbeats.
        HEARTBEAT_TIMEOUT_MS: '3600000',
      }),
      { logger, runner: bots },
    ),
  );
  const { url: botManagerUrl } = await botManager.start();
  const gateway = stack.use(
    createGateway(
      gatewayConfig({
        ...env,
        ADMIN_API_URL: adminUrl,
        BOT_MANAGER_URL: botManagerUrl,
        TRANSCRIPTION_COLLECTOR_URL: collectorUrl,
        RATE_LIMIT_START: '1000000',
        RATE_LIMIT_WRITE: '1000000',
        RATE_LIMIT_READ: '1000000',
      }),
      { logger },
    ),
  );
  const { url: gatewayUrl } = await gateway.start();
  const wire = stack.use(await Wire.before(gatewayUrl));
  const call = async (method: string, path: string, headers: Record<string, string>, body?: unknown) => {
    const payload = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(gatewayUrl + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...payload,
    });
    return answerOf(response);
  };
  const admin: Wholesaler['admin'] = (method, path, body) =>
    call(method, path, { 'x-admin-api-key': wholesalerAdminToken }, body);
  const systemKey = await createSystemUser(admin);
  return {
    wire,
    gatewayUrl,
    systemKey,
    bots,
    sql,
    admin,
    ask: (method, path, body) => call(method, path, { 'x-api-key': systemKey }, body),
  };
}

async function createSystemUser(admin: Wholesaler['admin']): Promise<string> {
  const user = await admin('POST', '/admin/users', { email: 'system@retailer.example', max_concurrent_bots: 1_000 });
  return (await admin('POST', `/admin/users/${user.body.id}/tokens`, {})).body.token;
}

/** A retailer of the real wholesaler, which knows it by the wire; its events pass through a trap. */
export function useRetailerOf(
  wholesaler: Wholesaler,
  { env = () => ({}), logger }: { env?: () => Record<string, string>; logger?: Logger } = {},
): { retailer: Retailer; trap: () => EventTrap } {
  let trap: EventTrap;
  beforeAll(async () => {
    trap = await startEventTrap();
  });
  afterAll(() => trap?.[Symbol.asyncDispose]());
  const moreEnv = () => ({
    PUBLIC_URL: trap.url,
    VEXA_INFRA_API_URL: wholesaler.wire.url,
    VEXA_INFRA_API_KEY: wholesaler.systemKey,
    START_TIMEOUT_MS: '30000',
    STOP_TIMEOUT_MS: '30000',
    READ_TIMEOUT_MS: '30000',
    DELETE_TIMEOUT_MS: '30000',
    ...env(),
  });
  const retailer = useRetailer((config) => config, moreEnv, logger);
  beforeAll(() => {
    trap.forwardTo = retailer.url;
  });
  return { retailer, trap: () => trap };
}
