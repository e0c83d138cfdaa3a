import { ConfigError } from '@vexa/shared/config';
import { expect, test } from 'vitest';
import { configFromEnv } from './config.ts';

const needed = {
  DATABASE_URL: 'postgres://localhost/vexa',
  REDIS_URL: 'redis://localhost:6379',
  INTERNAL_TOKEN_SECRET: 'internal-token-for-test',
  SESSION_TOKEN_SECRET: 'session-token-for-test',
};

test('what is needed is enough', () => {
  expect(configFromEnv(needed)).toMatchObject({
    http: { port: 8000 },
    flush: { thresholdMs: 10_000, intervalMs: 1_000 },
    consumer: { batchSize: 500, claimIdleMs: 30_000, maxDeliveries: 5 },
    filters: { dropPatterns: undefined, minCharacters: 0, modulePath: undefined },
    retention: { keptMs: 168 * 3_600_000, noticeMs: 24 * 3_600_000 },
  });
});

test('every bad variable is named at once', () => {
  const bad = { DATABASE_URL: 'mysql://x', IMMUTABILITY_THRESHOLD_SECONDS: 'soon', DROP_PATTERNS: '[' };
  const complaint = expect.objectContaining({
    message: expect.stringMatching(
      /DATABASE_URL[\s\S]*REDIS_URL[\s\S]*INTERNAL_TOKEN_SECRET[\s\S]*SESSION_TOKEN_SECRET[\s\S]*IMMUTABILITY_THRESHOLD_SECONDS[\s\S]*DROP_PATTERNS/,
    ),
  });
  expect(() => configFromEnv(bad)).toThrow(ConfigError);
  expect(() => configFromEnv(bad)).toThrow(complaint);
});
