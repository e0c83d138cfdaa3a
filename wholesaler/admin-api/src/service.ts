import { connectDb } from '@vexa/shared/db/client';
import { createMetrics } from '@vexa/shared/http/metrics';
import { listen } from '@vexa/shared/http/server';
import { createLogger, type Logger } from '@vexa/shared/logging';
import { connectRedis } from '@vexa/shared/redis/client';
import type { Service } from '@vexa/shared/service';
import { createApp } from './app.ts';
import { announceAuthChanges } from './auth-changes.ts';
import type { AdminApiConfig } from './config.ts';

export interface AdminApiService extends Service {
  start(): Promise<{ url: string }>;
}

/** Users and keys: the operator's routes, and the gateway's question whom a key stands for. */
export function createService(config: AdminApiConfig, overrides: { logger?: Logger } = {}): AdminApiService {
  const logger = overrides.logger ?? createLogger('admin-api', config.logLevel);
  const stack = new AsyncDisposableStack();
  return {
    async start() {
      const { db, sql } = stack.use(connectDb(config.databaseUrl));
      const redis = connectRedis(config.redisUrl, logger);
      stack.defer(() => redis.disconnect());
      const authChanges = stack.use(announceAuthChanges(redis, logger));
      const app = createApp({
        db,
        logger,
        metrics: createMetrics('admin-api'),
        metricsToken: config.metricsToken,
        secrets: config.secrets,
        onAuthChanged: authChanges.announce,
        checks: { postgres: () => sql`select 1`, redis: () => redis.ping() },
      });
      const http = stack.use(await listen(app, config.http));
      return { url: http.url };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
