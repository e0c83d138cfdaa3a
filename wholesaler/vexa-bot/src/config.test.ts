import { ConfigError } from '@vexa/shared/config';
import { expect, test } from 'vitest';
import { configFromEnv } from './config.ts';

const good = {
  meeting_id: 7,
  platform: 'local',
  meetingUrl: 'http://127.0.0.1:8090/team-standup',
  botName: 'Vexa',
  nativeMeetingId: 'team-standup',
  connectionId: 'c-1',
  token: 'the-secret-token',
  language: null,
  task: 'transcribe',
  model_identifier: null,
  redisUrl: 'redis://127.0.0.1:6379',
  whisperLiveUrl: 'ws://127.0.0.1:9090',
  botManagerCallbackUrl: 'http://127.0.0.1:8080/bots/internal/callback',
  automaticLeave: {},
};

function problemsOf(config: unknown): string {
  try {
    configFromEnv({ BOT_CONFIG: typeof config === 'string' ? config : JSON.stringify(config) });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

test('a good configuration gets the usual time limits', () => {
  const settings = configFromEnv({ BOT_CONFIG: JSON.stringify(good), BOT_CONTAINER_ID: 'vexa-bot-7-abc' });
  expect(settings.meeting.automaticLeave).toEqual({
    waitingRoomTimeout: 300_000,
    noOneJoinedTimeout: 120_000,
    everyoneLeftTimeout: 60_000,
    maxBotTime: 14_400_000,
  });
  expect(settings).toMatchObject({ containerId: 'vexa-bot-7-abc', heartbeatMs: 10_000, logLevel: 'info' });
});

test('every bad field is named at once, and no value is repeated', () => {
  const problems = problemsOf({
    ...good,
    platform: 'the-secret-token',
    meeting_id: 'the-secret-token',
    whisperLiveUrl: 'http://the-secret-token',
    redisUrl: undefined,
    automaticLeave: { maxBotTime: -1 },
  });
  for (const field of ['platform', 'meeting_id', 'whisperLiveUrl', 'redisUrl', 'automaticLeave.maxBotTime']) {
    expect(problems).toContain(`BOT_CONFIG.${field}: `);
  }
  expect(problems).not.toContain('the-secret-token');
});

test('a missing configuration and one that is not JSON are told without quoting it', () => {
  expect(() => configFromEnv({})).toThrow(/BOT_CONFIG: is required/);
  const problems = problemsOf('{"token":"the-secret-token"');
  expect(problems).toContain('BOT_CONFIG: must be JSON');
  expect(problems).not.toContain('the-secret-token');
});

test('flags of the browser keep together what is quoted', () => {
  const flagsOf = (CHROMIUM_FLAGS: string) =>
    configFromEnv({ BOT_CONFIG: JSON.stringify(good), CHROMIUM_FLAGS }).browser.flags;
  expect(flagsOf(`--a  --rules='MAP a.localhost a' "--b=c d"`)).toEqual([
    '--a',
    '--rules=MAP a.localhost a',
    '--b=c d',
  ]);
  expect(flagsOf(' ')).toEqual([]);
});
