import { type Env, httpUrl, parseEnv, port, redisUrl, secret, serviceEnv } from '@vexa/shared/config';
import { type EdgeConfig, edgeConfig, edgeEnv } from '@vexa/shared/http/edge-env';
import type { LogLevel } from '@vexa/shared/logging';
import { z } from 'zod';

const GatewayEnv = z.object({
  ...serviceEnv,
  PORT: port(8000),
  ADMIN_API_URL: httpUrl,
  BOT_MANAGER_URL: httpUrl,
  TRANSCRIPTION_COLLECTOR_URL: httpUrl,
  REDIS_URL: redisUrl,
  INTERNAL_TOKEN_SECRET: secret('INTERNAL_TOKEN_SECRET'),
  ...edgeEnv,
  UPSTREAM_TIMEOUT_MS: z.coerce.number().int().min(100).max(600_000).default(30_000),
});

export interface GatewayConfig extends EdgeConfig {
  http: { port: number; host: string };
  logLevel: LogLevel;
  metricsToken: string | undefined;
  upstreams: { adminApi: string; botManager: string; collector: string };
  upstreamTimeoutMs: number;
  redisUrl: string;
  secrets: { internalToken: string };
}

/** Throws `ConfigError` naming every variable that is missing or wrong. */
export function configFromEnv(env: Env): GatewayConfig {
  const parsed = parseEnv(GatewayEnv, env);
  return {
    http: { port: parsed.PORT, host: parsed.HOST },
    logLevel: parsed.LOG_LEVEL,
    metricsToken: parsed.METRICS_TOKEN,
    upstreams: {
      adminApi: parsed.ADMIN_API_URL,
      botManager: parsed.BOT_MANAGER_URL,
      collector: parsed.TRANSCRIPTION_COLLECTOR_URL,
    },
    upstreamTimeoutMs: parsed.UPSTREAM_TIMEOUT_MS,
    redisUrl: parsed.REDIS_URL,
    ...edgeConfig(parsed),
    secrets: { internalToken: parsed.INTERNAL_TOKEN_SECRET },
  };
}
