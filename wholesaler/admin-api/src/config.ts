import { databaseUrl, type Env, parseEnv, port, redisUrl, secret, serviceEnv } from '@vexa/shared/config';
import type { LogLevel } from '@vexa/shared/logging';
import { z } from 'zod';

const AdminApiEnv = z.object({
  ...serviceEnv,
  PORT: port(8001),
  DATABASE_URL: databaseUrl,
  REDIS_URL: redisUrl,
  ADMIN_API_TOKEN: secret('ADMIN_API_TOKEN'),
  INTERNAL_TOKEN_SECRET: secret('INTERNAL_TOKEN_SECRET'),
});

export interface AdminApiConfig {
  http: { port: number; host: string };
  logLevel: LogLevel;
  metricsToken: string | undefined;
  databaseUrl: string;
  redisUrl: string;
  secrets: { adminToken: string; internalToken: string };
}

/** Throws `ConfigError` naming every variable that is missing or wrong. */
export function configFromEnv(env: Env): AdminApiConfig {
  const parsed = parseEnv(AdminApiEnv, env);
  return {
    http: { port: parsed.PORT, host: parsed.HOST },
    logLevel: parsed.LOG_LEVEL,
    metricsToken: parsed.METRICS_TOKEN,
    databaseUrl: parsed.DATABASE_URL,
    redisUrl: parsed.REDIS_URL,
    secrets: { adminToken: parsed.ADMIN_API_TOKEN, internalToken: parsed.INTERNAL_TOKEN_SECRET },
  };
}
