import { databaseUrl, type Env, httpUrl, parseEnv, port, secret, serviceEnv } from '@vexa/shared/config';
import type { PlatformHosts } from '@vexa/shared/contracts/platform';
import { type EdgeConfig, edgeConfig, edgeEnv } from '@vexa/shared/http/edge-env';
import type { LogLevel } from '@vexa/shared/logging';
import { parseAllowedHosts } from '@vexa/shared/webhooks/address-guard';
import { z } from 'zod';
import { type SecretSource, secretList, withSecretFiles } from './secrets/secret-source.ts';
import { type LateReaders, lateReaders } from './transcripts/visible-segments.ts';

const milliseconds = (fallback: number, least = 1) => z.coerce.number().int().min(least).default(fallback);

const RetailerEnv = z.object({
  ...serviceEnv,
  PORT: port(8056),
  ADMIN_PORT: port(8057),
  DATABASE_URL: databaseUrl,
  ADMIN_API_TOKEN: secret('ADMIN_API_TOKEN'),
  VEXA_INFRA_API_URL: httpUrl,
  VEXA_INFRA_API_KEY: secretList('VEXA_INFRA_API_KEY'),
  VEXA_INFRA_API_KEY_FILE: z.string().optional(),
  SERVICE_LAYER_ID: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, hyphens or underscores')
    .default('retailer-1'),
  WHOLESALER_WEBHOOK_SECRET: secretList('WHOLESALER_WEBHOOK_SECRET'),
  WHOLESALER_WEBHOOK_SECRET_FILE: z.string().optional(),
  PUBLIC_URL: httpUrl.optional(),
  PUBLIC_API_URL: httpUrl.optional(),
  DEFAULT_MODEL: z
    .string()
    .regex(/^[\w./:-]{1,64}$/, 'must be the name of a model such as tiny.en')
    .optional(),
  ...edgeEnv,
  MEETING_ROOM_URL: httpUrl.default('http://localhost:8090'),
  JITSI_URL: httpUrl.default('https://meet.jit.si'),
  WEBHOOK_ALLOWED_HOSTS: z.string().optional(),
  LATE_USERS_READ: z.enum(lateReaders).default('all'),
  SYNC_INTERVAL_MS: milliseconds(60_000, 100),
  START_TIMEOUT_MS: milliseconds(15_000),
  STOP_TIMEOUT_MS: milliseconds(10_000),
  READ_TIMEOUT_MS: milliseconds(5_000),
  DELETE_TIMEOUT_MS: milliseconds(10_000),
  BREAKER_RESET_MS: milliseconds(5_000),
});

export type OperationClass = 'start' | 'stop' | 'read' | 'delete';

export interface WholesalerConfig {
  url: string;
  serviceLayerId: string;
  timeoutsMs: Record<OperationClass, number>;
  /** How long a breaker stays open before one call may try again. */
  breakerResetMs: number;
}

export interface RetailerConfig extends EdgeConfig {
  http: { port: number; adminPort: number; host: string };
  logLevel: LogLevel;
  databaseUrl: string;
  wholesaler: WholesalerConfig;
  /** Where the wholesaler reaches us; without it, finished meetings are found by the sync alone. */
  publicUrl: string | undefined;
  hosts: PlatformHosts;
  /** Where users reach us; links to shared transcripts begin with it. */
  publicApiUrl: string | undefined;
  /** Asked for where a user names no model. */
  defaultModel: string | undefined;
  metricsToken: string | undefined;
  webhookAllowedHosts: string[];
  lateReaders: LateReaders;
  syncIntervalMs: number;
  /** A start without an answer for this long was cut off by a crash. */
  startGraceMs: number;
  secrets: { adminToken: string; wholesalerKeys: SecretSource; inboundWebhook: SecretSource };
}

/** Throws `ConfigError` naming every variable that is missing or wrong. */
export function configFromEnv(env: Env): RetailerConfig {
  const parsed = parseEnv(RetailerEnv, withSecretFiles(env, ['VEXA_INFRA_API_KEY', 'WHOLESALER_WEBHOOK_SECRET']));
  return {
    http: { port: parsed.PORT, adminPort: parsed.ADMIN_PORT, host: parsed.HOST },
    logLevel: parsed.LOG_LEVEL,
    databaseUrl: parsed.DATABASE_URL,
    wholesaler: {
      url: parsed.VEXA_INFRA_API_URL,
      serviceLayerId: parsed.SERVICE_LAYER_ID,
      timeoutsMs: {
        start: parsed.START_TIMEOUT_MS,
        stop: parsed.STOP_TIMEOUT_MS,
        read: parsed.READ_TIMEOUT_MS,
        delete: parsed.DELETE_TIMEOUT_MS,
      },
      breakerResetMs: parsed.BREAKER_RESET_MS,
    },
    publicUrl: parsed.PUBLIC_URL,
    publicApiUrl: parsed.PUBLIC_API_URL,
    defaultModel: parsed.DEFAULT_MODEL,
    ...edgeConfig(parsed),
    metricsToken: parsed.METRICS_TOKEN,
    hosts: { meetingRoomUrl: parsed.MEETING_ROOM_URL, jitsiUrl: parsed.JITSI_URL },
    webhookAllowedHosts: parseAllowedHosts(parsed.WEBHOOK_ALLOWED_HOSTS),
    lateReaders: parsed.LATE_USERS_READ,
    syncIntervalMs: parsed.SYNC_INTERVAL_MS,
    startGraceMs: parsed.START_TIMEOUT_MS * 2 + 5_000,
    secrets: {
      adminToken: parsed.ADMIN_API_TOKEN,
      wholesalerKeys: {
        name: 'VEXA_INFRA_API_KEY',
        values: parsed.VEXA_INFRA_API_KEY,
        ...(parsed.VEXA_INFRA_API_KEY_FILE && { file: parsed.VEXA_INFRA_API_KEY_FILE }),
      },
      inboundWebhook: {
        name: 'WHOLESALER_WEBHOOK_SECRET',
        values: parsed.WHOLESALER_WEBHOOK_SECRET,
        ...(parsed.WHOLESALER_WEBHOOK_SECRET_FILE && { file: parsed.WHOLESALER_WEBHOOK_SECRET_FILE }),
      },
    },
  };
}
