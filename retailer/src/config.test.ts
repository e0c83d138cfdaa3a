import { ConfigError, type Env } from '@vexa/shared/config';
import { expect, test } from 'vitest';
import { configFromEnv } from './config.ts';

const env: Env = {
  DATABASE_URL: 'postgres://vexa@127.0.0.1/retailer',
  ADMIN_API_TOKEN: 'operator-key-0123456789',
  VEXA_INFRA_API_URL: 'https://wholesaler.example',
  VEXA_INFRA_API_KEY: 'vxa_system-key-0123456789',
  WHOLESALER_WEBHOOK_SECRET: 'webhook-secret-0123456789, older-secret-0123456789',
};

test('what may be left out has the documented defaults', () => {
  const config = configFromEnv(env);
  expect(config).toMatchObject({
    http: { port: 8056, adminPort: 8057, host: '0.0.0.0' },
    syncIntervalMs: 60_000,
    wholesaler: { serviceLayerId: 'retailer-1' },
    secrets: { inboundWebhook: { values: ['webhook-secret-0123456789', 'older-secret-0123456789'] } },
  });
  expect(config.publicUrl).toBeUndefined();
});

test('every bad variable is named at once', () => {
  const bad: Env = {
    ...env,
    DATABASE_URL: 'mysql://x',
    ADMIN_API_TOKEN: 'changeme',
    VEXA_INFRA_API_URL: '',
    PORT: 'x',
    CORS_ORIGINS: 'app',
  };
  const attempt = () => configFromEnv({ ...bad, WHOLESALER_WEBHOOK_SECRET: 'good-secret-0123456789,short' });
  expect(attempt).toThrow(ConfigError);
  for (const name of [...Object.keys(bad).filter((key) => bad[key] !== env[key]), 'WHOLESALER_WEBHOOK_SECRET']) {
    expect(attempt).toThrow(new RegExp(`^ +${name}`, 'm'));
  }
});
