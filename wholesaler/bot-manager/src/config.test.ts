import { describe, expect, it } from 'vitest';
import { configFromEnv } from './config.ts';

const env = {
  DATABASE_URL: 'postgres://localhost/vexa',
  REDIS_URL: 'redis://localhost:6379',
  INTERNAL_TOKEN_SECRET: 'i'.repeat(16),
  SESSION_TOKEN_SECRET: 's'.repeat(16),
  ADMIN_API_TOKEN: 'a'.repeat(16),
  TRANSCRIPTION_COLLECTOR_URL: 'http://collector:8000',
  WHISPERLIVE_URL: 'ws://whisperlive:9090',
};

describe('the configuration', () => {
  it('has the designed limits when nobody says otherwise', () => {
    const { limits, bots } = configFromEnv(env);
    expect(limits).toMatchObject({ requestedMs: 60_000, joiningMs: 180_000, heartbeatMs: 35_000, botRestarts: 1 });
    expect(bots).toMatchObject({ redisUrl: env.REDIS_URL, max: undefined, stopOnShutdown: false });
  });

  it('hands bots what they need of the environment, and no secret', () => {
    const { bots } = configFromEnv({ ...env, PATH: '/bin', CHROMIUM_PATH: '/usr/bin/chromium' });
    expect(bots.env).toEqual({ PATH: '/bin', CHROMIUM_PATH: '/usr/bin/chromium' });
  });

  it('names everything that is wrong at once', () => {
    expect(() => configFromEnv({ ...env, DATABASE_URL: 'mysql://x', MAX_BOTS: '0', RUNNER: 'magic' })).toThrow(
      /DATABASE_URL[\s\S]*RUNNER[\s\S]*MAX_BOTS/,
    );
  });
});
