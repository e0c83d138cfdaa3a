import { type Env, httpUrl, jsonOf, parseEnv, redisUrl, wsUrl } from '@vexa/shared/config';
import { BotConfig as BotConfigContract } from '@vexa/shared/contracts/bot';
import { type LogLevel, logLevels } from '@vexa/shared/logging';
import { z } from 'zod';
import type { BrowserSettings } from './browser/launch.ts';

/** The contract, with the protocols that this process can speak. */
const MeetingConfig = BotConfigContract.extend({
  meetingUrl: httpUrl,
  redisUrl,
  whisperLiveUrl: wsUrl,
  botManagerCallbackUrl: httpUrl,
});
export type MeetingConfig = z.infer<typeof MeetingConfig>;

const BotEnv = z.object({
  BOT_CONFIG: jsonOf(
    z.string({ error: 'is required: JSON as described in shared/src/contracts/bot.ts' }),
    MeetingConfig,
  ),
  BOT_CONTAINER_ID: z.string().min(1).optional(),
  BOT_DIAGNOSIS_DIR: z.string().min(1).optional(),
  BOT_PROFILE_DIR: z.string().min(1).optional(),
  BOT_PROXY: z.url({ protocol: /^(https?|socks5)$/ }).optional(),
  CHROMIUM_FLAGS: z.string().default(''),
  CHROMIUM_PATH: z.string().min(1).optional(),
  HEADED: z.enum(['0', '1']).default('0'),
  HEARTBEAT_MS: z.coerce.number().int().min(50).max(60_000).default(10_000),
  LOG_LEVEL: z.enum(logLevels).default('info'),
  PATH: z.string().default(''),
});

export interface BotSettings {
  meeting: MeetingConfig;
  containerId: string | undefined;
  chromium: { path: string | undefined; searchPath: string; headed: boolean };
  browser: BrowserSettings;
  /** Where to keep what a page showed when a run failed; undefined: nowhere. */
  diagnosisDir: string | undefined;
  heartbeatMs: number;
  logLevel: LogLevel;
}

/** Throws `ConfigError` naming every bad field, such as `BOT_CONFIG.meeting_id`, without quoting any value. */
export function configFromEnv(env: Env): BotSettings {
  const parsed = parseEnv(BotEnv, env);
  const headed = parsed.HEADED === '1';
  return {
    meeting: parsed.BOT_CONFIG,
    containerId: parsed.BOT_CONTAINER_ID,
    chromium: { path: parsed.CHROMIUM_PATH, searchPath: parsed.PATH, headed },
    browser: {
      headed,
      flags: shellWords(parsed.CHROMIUM_FLAGS),
      profileDir: parsed.BOT_PROFILE_DIR,
      proxy: parsed.BOT_PROXY,
    },
    diagnosisDir: parsed.BOT_DIAGNOSIS_DIR,
    heartbeatMs: parsed.HEARTBEAT_MS,
    logLevel: parsed.LOG_LEVEL,
  };
}

/** Words apart by spaces; quotes keep together what belongs together, as in a shell. */
const shellWords = (text: string): string[] =>
  [...text.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
