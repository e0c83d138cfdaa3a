import { randomUUID } from 'node:crypto';
import { connectDb, type DbConnection } from '@vexa/shared/db/client';
import { type LocalPostgres, startPostgres, uniqueDatabaseName } from '@vexa/shared/local/postgres';
import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, beforeAll } from 'vitest';
import { configFromEnv, type RetailerConfig } from '../src/config.ts';
import { migrateRetailer } from '../src/db/migrate.ts';
import { createService } from '../src/service.ts';
import { StandInWholesaler, signed } from './stand-in-wholesaler.ts';

export const adminToken = 'operator-key-0123456789';
export const systemKey = 'vxa_system-key-0123456789';
export const webhookSecret = 'webhook-secret-0123456789';
const oldSecret = 'older-secret-0123456789';

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are looked into by expectations
  body: any;
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

export class User {
  readonly url: string;
  readonly key: string;
  readonly id: number;

  constructor(url: string, key: string, id: number) {
    this.url = url;
    this.key = key;
    this.id = id;
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        'x-api-key': this.key,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return answerOf(response);
  }

  start(nativeId: string, more: Record<string, unknown> = {}): Promise<Answer> {
    return this.call('POST', '/bots', { platform: 'local', native_meeting_id: nativeId, ...more });
  }

  leave(nativeId: string): Promise<Answer> {
    return this.call('DELETE', `/bots/local/${nativeId}`);
  }

  meeting(nativeId: string): Promise<Answer> {
    return this.call('GET', `/meetings/local/${nativeId}`);
  }

  transcript(nativeId: string, query = ''): Promise<Answer> {
    return this.call('GET', `/transcripts/local/${nativeId}${query}`);
  }

  history(nativeId: string): Promise<Answer['body']> {
    return waitFor('the finished transcript', async () => {
      const { status, body } = await this.transcript(nativeId);
      return status === 200 && body.source === 'history' ? body : undefined;
    });
  }
}

export interface Retailer {
  url: string;
  adminUrl: string;
  databaseUrl: string;
  connection: DbConnection;
  wholesaler: StandInWholesaler;
  addUser(options?: { maxBots?: number; scopes?: string[]; email?: string }): Promise<User>;
  /** Sends an event as the wholesaler would. */
  announce(event: unknown, options?: { id?: string; timestamp?: Date; secret?: string }): Promise<Answer>;
  admin(method: string, path: string, body?: unknown): Promise<Answer>;
  /** A new process on the same database. */
  restart(): Promise<void>;
  stopService(): Promise<void>;
}

type Overrides = (config: RetailerConfig) => RetailerConfig;
type MoreEnv = () => Record<string, string>;

/** A retailer of this test file with a real database and a wholesaler that obeys. */
export function useRetailer(
  overrides: Overrides = (config) => config,
  moreEnv: MoreEnv = () => ({}),
  logger = createLogger('test', 'silent'),
): Retailer {
  const stack = new AsyncDisposableStack();
  let postgres: LocalPostgres;
  let service: ReturnType<typeof createService> | undefined;
  const wholesaler = new StandInWholesaler();
  const urls = { url: '', adminUrl: '', databaseUrl: '' };
  let connection: DbConnection;

  const startService = async () => {
    const config = configFromEnv({
      HOST: '127.0.0.1',
      PORT: urls.url ? new URL(urls.url).port : '0',
      ADMIN_PORT: urls.adminUrl ? new URL(urls.adminUrl).port : '0',
      DATABASE_URL: urls.databaseUrl,
      ADMIN_API_TOKEN: adminToken,
      VEXA_INFRA_API_URL: wholesaler.url,
      VEXA_INFRA_API_KEY: systemKey,
      SERVICE_LAYER_ID: 'retailer-test',
      WHOLESALER_WEBHOOK_SECRET: `${webhookSecret},${oldSecret}`,
      WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
      SYNC_INTERVAL_MS: '3600000',
      BREAKER_RESET_MS: '1000',
      READ_TIMEOUT_MS: '1000',
      START_TIMEOUT_MS: '2000',
      ...moreEnv(),
    });
    service = createService(overrides(config), {
      logger,
      secretsEveryMs: 50,
      feedTiming: { lookMs: 100, readMs: 300 },
    });
    Object.assign(urls, await service.start());
  };
  const stopService = async () => {
    await service?.[Symbol.asyncDispose]();
    service = undefined;
  };

  beforeAll(async () => {
    [postgres] = await Promise.all([startPostgres(), wholesaler.start()]);
    stack.use(postgres);
    stack.use(wholesaler);
    urls.databaseUrl = await postgres.createDatabase(uniqueDatabaseName('retailer'));
    await migrateRetailer(urls.databaseUrl);
    connection = stack.use(connectDb(urls.databaseUrl));
    await startService();
    stack.defer(stopService);
  });
  afterAll(() => stack.disposeAsync());

  const call = async (url: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(url, init);
    return answerOf(response);
  };
  const admin = (method: string, path: string, body?: unknown) =>
    call(urls.adminUrl + path, {
      method,
      headers: { 'x-admin-api-key': adminToken, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    get url() {
      return urls.url;
    },
    get adminUrl() {
      return urls.adminUrl;
    },
    get databaseUrl() {
      return urls.databaseUrl;
    },
    get connection() {
      return connection;
    },
    wholesaler,
    admin,
    async addUser({ maxBots = 5, scopes = ['*'], email = `${randomUUID()}@example.com` } = {}) {
      const user = await admin('POST', '/admin/users', { email, max_concurrent_bots: maxBots });
      const token = await admin('POST', `/admin/users/${user.body.id}/tokens`, { scopes });
      return new User(urls.url, token.body.token, user.body.id);
    },
    announce(event, { secret = webhookSecret, ...options } = {}) {
      return call(`${urls.url}/webhooks/meeting-finished`, { method: 'POST', ...signed(secret, event, options) });
    },
    async restart() {
      await stopService();
      await startService();
    },
    stopService,
  };
}

let count = 0;
/** A native id no other test of the file uses. */
export const newRoom = (): string => `room-${++count}`;
