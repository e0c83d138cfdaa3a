import { type Env, httpUrl, parseEnv, port, redisUrl, secret, serviceEnv } from '@vexa/shared/config';
import { rateLimitConfig, rateLimitEnv } from '@vexa/shared/limits/rate-limit-env';
import type { RateLimitConfig } from '@vexa/shared/limits/rate-limits';
import type { LogLevel } from '@vexa/shared/logging';
import { z } from 'zod';

const Origins = z
  .string()
  .default('')
  .transform((list) => list.split(',').map((origin) => origin.trim()))
  .transform((origins) => origins.filter((origin) => origin !== ''))
  .refine((origins) => origins.every((origin) => origin === '*' || URL.parse(origin)?.origin === origin), {
    message: 'must be a comma-separated list of origins such as https://app.example.com, or *',
  });

const GatewayEnv = z.object({
  ...serviceEnv,
  PORT: port(8000),
  ADMIN_API_URL: httpUrl,
  BOT_MANAGER_URL: httpUrl,
  TRANSCRIPTION_COLLECTOR_URL: httpUrl,
  REDIS_URL: redisUrl,
  INTERNAL_TOKEN_SECRET: secret('INTERNAL_TOKEN_SECRET'),
  CORS_ORIGINS: Origins,
  ...rateLimitEnv,
  UPSTREAM_TIMEOUT_MS: z.coerce.number().int().min(100).max(600_000).default(30_000),
});

export interface GatewayConfig {
  http: { port: number; host: string };
  logLevel: LogLevel;
  metricsToken: string | undefined;
  upstreams: { adminApi: string; botManager: string; collector: string };
  upstreamTimeoutMs: number;
  redisUrl: string;
  rateLimits: RateLimitConfig;
  /** Proxies of the operator's own before the gateway; each adds the address it saw to `x-forwarded-for`. */
  trustedProxies: number;
  corsOrigins: string[];
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
    ...rateLimitConfig(parsed),
    corsOrigins: parsed.CORS_ORIGINS,
    secrets: { internalToken: parsed.INTERNAL_TOKEN_SECRET },
  };
}
