import { databaseUrl, type Env, httpUrl, parseEnv, port, redisUrl, secret, serviceEnv } from '@vexa/shared/config';
import type { LogLevel } from '@vexa/shared/logging';
import { z } from 'zod';
import { PatternList, WordList } from './filters/patterns.ts';

const CollectorEnv = z.object({
  ...serviceEnv,
  PORT: port(8000),
  DATABASE_URL: databaseUrl,
  REDIS_URL: redisUrl,
  INTERNAL_TOKEN_SECRET: secret('INTERNAL_TOKEN_SECRET'),
  SESSION_TOKEN_SECRET: secret('SESSION_TOKEN_SECRET'),
  IMMUTABILITY_THRESHOLD_SECONDS: z.coerce.number().min(0).max(3_600).default(10),
  FLUSH_INTERVAL_MS: z.coerce.number().int().min(20).max(60_000).default(1_000),
  CLAIM_IDLE_MS: z.coerce.number().int().min(100).max(600_000).default(30_000),
  MAX_DELIVERIES: z.coerce.number().int().min(1).max(100).default(5),
  BATCH_SIZE: z.coerce.number().int().min(1).max(1_000).default(500),
  DROP_PATTERNS: PatternList.optional(),
  STOPWORDS: WordList.optional(),
  MIN_SEGMENT_CHARACTERS: z.coerce.number().int().min(0).max(1_000).default(0),
  FILTER_MODULE: z.string().optional(),
  BOT_MANAGER_URL: httpUrl.default('http://localhost:8080'),
  RETENTION_HOURS: z.coerce.number().min(0).max(87_600).default(168),
  RETENTION_NOTICE_HOURS: z.coerce.number().min(0).max(8_760).default(24),
  RETENTION_CHECK_MS: z.coerce.number().int().min(50).max(86_400_000).default(600_000),
  PUBLIC_API_URL: httpUrl.optional(),
});

export interface ConsumerConfig {
  /** Most entries taken in one read. */
  batchSize: number;
  /** An entry delivered to a consumer that has not answered for this long is taken over. */
  claimIdleMs: number;
  /** An entry that failed this often goes to the dead letters. */
  maxDeliveries: number;
}

export interface RetentionConfig {
  /** How long a meeting is kept after its end; 0 keeps it until its customer deletes it. */
  keptMs: number;
  /** How long before its deletion the customer is told. */
  noticeMs: number;
  checkEveryMs: number;
}

const hourMs = 3_600_000;

export interface CollectorConfig {
  http: { port: number; host: string };
  logLevel: LogLevel;
  databaseUrl: string;
  redisUrl: string;
  secrets: { internalToken: string; sessionToken: string };
  consumer: ConsumerConfig;
  flush: { thresholdMs: number; intervalMs: number };
  filters: {
    dropPatterns: RegExp[] | undefined;
    stopwords: ReadonlySet<string> | undefined;
    minCharacters: number;
    modulePath: string | undefined;
  };
  botManagerUrl: string;
  retention: RetentionConfig;
  /** Where users reach the API; links to shared transcripts begin with it. */
  publicUrl: string | undefined;
  metricsToken: string | undefined;
}

/** Throws `ConfigError` naming every bad variable. */
export function configFromEnv(env: Env): CollectorConfig {
  const parsed = parseEnv(CollectorEnv, env);
  return {
    http: { port: parsed.PORT, host: parsed.HOST },
    logLevel: parsed.LOG_LEVEL,
    databaseUrl: parsed.DATABASE_URL,
    redisUrl: parsed.REDIS_URL,
    secrets: { internalToken: parsed.INTERNAL_TOKEN_SECRET, sessionToken: parsed.SESSION_TOKEN_SECRET },
    consumer: {
      batchSize: parsed.BATCH_SIZE,
      claimIdleMs: parsed.CLAIM_IDLE_MS,
      maxDeliveries: parsed.MAX_DELIVERIES,
    },
    flush: { thresholdMs: parsed.IMMUTABILITY_THRESHOLD_SECONDS * 1000, intervalMs: parsed.FLUSH_INTERVAL_MS },
    filters: {
      dropPatterns: parsed.DROP_PATTERNS,
      stopwords: parsed.STOPWORDS,
      minCharacters: parsed.MIN_SEGMENT_CHARACTERS,
      modulePath: parsed.FILTER_MODULE,
    },
    botManagerUrl: parsed.BOT_MANAGER_URL,
    retention: {
      keptMs: parsed.RETENTION_HOURS * hourMs,
      noticeMs: Math.min(parsed.RETENTION_NOTICE_HOURS, parsed.RETENTION_HOURS) * hourMs,
      checkEveryMs: parsed.RETENTION_CHECK_MS,
    },
    publicUrl: parsed.PUBLIC_API_URL,
    metricsToken: parsed.METRICS_TOKEN,
  };
}
