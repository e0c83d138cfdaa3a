import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  databaseUrl,
  type Env,
  httpUrl,
  parseEnv,
  port,
  redisUrl,
  secret,
  serviceEnv,
  wsUrl,
} from '@vexa/shared/config';
import { botNodeOptions } from '@vexa/shared/contracts/bot';
import type { LogLevel } from '@vexa/shared/logging';
import { parseAllowedHosts } from '@vexa/shared/webhooks/address-guard';
import { z } from 'zod';
import { type DockerSettings, dockerEnv, dockerSettings } from './runners/docker-env.ts';
import { type KubernetesSettings, kubernetesEnv, kubernetesSettings } from './runners/kubernetes/kubernetes-env.ts';
import { claimPattern } from './runners/kubernetes/lent-claims.ts';

const runners = ['process', 'docker', 'kubernetes'] as const;
const ms = (fallback: number) => z.coerce.number().int().min(1).max(86_400_000).default(fallback);

const Variables = z.object({
  ...serviceEnv,
  PORT: port(8080),
  DATABASE_URL: databaseUrl,
  REDIS_URL: redisUrl,
  INTERNAL_TOKEN_SECRET: secret('INTERNAL_TOKEN_SECRET'),
  SESSION_TOKEN_SECRET: secret('SESSION_TOKEN_SECRET'),
  ADMIN_API_TOKEN: secret('ADMIN_API_TOKEN'),
  TRANSCRIPTION_COLLECTOR_URL: httpUrl,
  WHISPERLIVE_URL: wsUrl,
  WHISPERLIVE_API_URL: httpUrl.optional(),
  MODELS: z.string().default(''),
  MEETING_ROOM_URL: httpUrl.default('http://localhost:8090'),
  JITSI_URL: httpUrl.default('https://meet.jit.si'),
  RUNNER: z.enum(runners, { error: `must be ${runners.join(', ')}` }).default('process'),
  ...dockerEnv,
  ...kubernetesEnv,
  PUBLIC_CALLBACK_URL: httpUrl.optional(),
  BOT_REDIS_URL: redisUrl.optional(),
  BOT_ENTRY: z.string().optional(),
  BOT_LOG_DIR: z.string().optional(),
  WEBHOOK_ALLOWED_HOSTS: z.string().optional(),
  MAX_BOTS: z.coerce.number().int().min(1).optional(),
  BOT_RESTARTS: z.coerce.number().int().min(0).max(10).default(1),
  STOP_BOTS_ON_SHUTDOWN: z.stringbool().default(false),
  REQUESTED_TIMEOUT_MS: ms(60_000),
  JOINING_TIMEOUT_MS: ms(180_000),
  NEEDS_HELP_TIMEOUT_MS: ms(600_000),
  STOPPING_TIMEOUT_MS: ms(30_000),
  LAUNCH_TIMEOUT_MS: ms(15_000),
  HEARTBEAT_TIMEOUT_MS: ms(35_000),
  SESSION_END_TIMEOUT_MS: ms(30_000),
  FINISH_TIMEOUT_MS: ms(120_000),
  COLLECTOR_DOWN_TIMEOUT_MS: ms(900_000),
  RECONCILE_INTERVAL_MS: ms(2_000),
});

const BotManagerEnv = Variables.superRefine(({ RUNNER, ...variables }, ctx) => {
  const complain = (name: keyof typeof variables, message: string) =>
    ctx.addIssue({ code: 'custom', path: [name], message });
  if (RUNNER !== 'process' && variables.PUBLIC_CALLBACK_URL === undefined) {
    const where = 'where containers reach this, such as http://bot-manager:8080';
    complain('PUBLIC_CALLBACK_URL', `is required with RUNNER=${RUNNER}: ${where}`);
  }
  for (const name of ['BOT_PROFILE_DIR', 'BOT_DIAGNOSIS_DIR'] as const) {
    if (RUNNER !== 'kubernetes' || claimPattern.test(variables[name] ?? 'none')) continue;
    complain(
      name,
      'must be a PersistentVolumeClaim with RUNNER=kubernetes, and may be a folder in it: vexa-bots/profile',
    );
  }
});

/** All in milliseconds, except the number of restarts. */
export interface LifecycleLimits {
  requestedMs: number;
  joiningMs: number;
  needsHelpMs: number;
  stoppingMs: number;
  /** From a run's row until its bot is to be in the runner's list. */
  launchMs: number;
  heartbeatMs: number;
  /** From a bot's end until sessions that never ended are closed by force. */
  sessionEndMs: number;
  /** How long the barrier waits while the collector answers. */
  finishMs: number;
  /** How long the barrier waits, from the bot's end, for a collector that does not answer. */
  collectorDownMs: number;
  botRestarts: number;
}

export interface BotManagerConfig {
  http: { port: number; host: string };
  logLevel: LogLevel;
  /** Asked of whoever reads `/metrics`; undefined: nothing is asked. */
  metricsToken: string | undefined;
  databaseUrl: string;
  redisUrl: string;
  collectorUrl: string;
  webhookAllowedHosts: string[];
  hosts: { meetingRoomUrl: string; jitsiUrl: string };
  /** `listed` empty: whisperlive is asked at `url`. */
  models: { listed: string[]; url: string };
  bots: {
    whisperLiveUrl: string;
    redisUrl: string;
    /** Undefined: this process's own address on 127.0.0.1. */
    callbackUrl: string | undefined;
    entry: string;
    logDir: string;
    /** Environment handed to bots beside their configuration; never our secrets. */
    env: Record<string, string>;
    /** With neither of both, bots are processes of this machine. */
    docker: DockerSettings | undefined;
    kubernetes: KubernetesSettings | undefined;
    max: number | undefined;
    stopOnShutdown: boolean;
  };
  limits: LifecycleLimits;
  reconcileIntervalMs: number;
  secrets: { internalToken: string; sessionToken: string; adminToken: string };
}

const passedToBots = ['LANG', 'LOG_LEVEL', 'BOT_PROXY', 'CHROMIUM_FLAGS'];
/** Only to bots on this machine: a container has its own. */
const passedToProcesses = [
  'PATH',
  'HOME',
  'CHROMIUM_PATH',
  'DISPLAY',
  'HEADED',
  'LD_LIBRARY_PATH',
  'NODE_EXTRA_CA_CERTS',
  'BOT_PROFILE_DIR',
  'BOT_DIAGNOSIS_DIR',
];

const defaultBotEntry = fileURLToPath(new URL('../../vexa-bot/src/main.ts', import.meta.url));

/** Throws `ConfigError` naming every variable that is missing or wrong. */
export function configFromEnv(env: Env): BotManagerConfig {
  const parsed = parseEnv(BotManagerEnv, env);
  const passed = parsed.RUNNER === 'process' ? [...passedToBots, ...passedToProcesses] : passedToBots;
  const botEnv = passed.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  return {
    http: { port: parsed.PORT, host: parsed.HOST },
    logLevel: parsed.LOG_LEVEL,
    metricsToken: parsed.METRICS_TOKEN,
    databaseUrl: parsed.DATABASE_URL,
    redisUrl: parsed.REDIS_URL,
    collectorUrl: parsed.TRANSCRIPTION_COLLECTOR_URL,
    webhookAllowedHosts: parseAllowedHosts(parsed.WEBHOOK_ALLOWED_HOSTS),
    hosts: { meetingRoomUrl: parsed.MEETING_ROOM_URL, jitsiUrl: parsed.JITSI_URL },
    models: {
      listed: parsed.MODELS.split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
      url: parsed.WHISPERLIVE_API_URL ?? apiBeside(parsed.WHISPERLIVE_URL),
    },
    bots: {
      whisperLiveUrl: parsed.WHISPERLIVE_URL,
      redisUrl: parsed.BOT_REDIS_URL ?? parsed.REDIS_URL,
      callbackUrl: parsed.PUBLIC_CALLBACK_URL,
      entry: parsed.BOT_ENTRY ?? defaultBotEntry,
      logDir: parsed.BOT_LOG_DIR ?? join(tmpdir(), 'vexa-bot-logs'),
      env: { NODE_OPTIONS: botNodeOptions, ...Object.fromEntries(botEnv) },
      docker: parsed.RUNNER === 'docker' ? dockerSettings(parsed) : undefined,
      kubernetes: parsed.RUNNER === 'kubernetes' ? kubernetesSettings(parsed) : undefined,
      max: parsed.MAX_BOTS,
      stopOnShutdown: parsed.STOP_BOTS_ON_SHUTDOWN,
    },
    limits: {
      requestedMs: parsed.REQUESTED_TIMEOUT_MS,
      joiningMs: parsed.JOINING_TIMEOUT_MS,
      needsHelpMs: parsed.NEEDS_HELP_TIMEOUT_MS,
      stoppingMs: parsed.STOPPING_TIMEOUT_MS,
      launchMs: parsed.LAUNCH_TIMEOUT_MS,
      heartbeatMs: parsed.HEARTBEAT_TIMEOUT_MS,
      sessionEndMs: parsed.SESSION_END_TIMEOUT_MS,
      finishMs: parsed.FINISH_TIMEOUT_MS,
      collectorDownMs: parsed.COLLECTOR_DOWN_TIMEOUT_MS,
      botRestarts: parsed.BOT_RESTARTS,
    },
    reconcileIntervalMs: parsed.RECONCILE_INTERVAL_MS,
    secrets: {
      internalToken: parsed.INTERNAL_TOKEN_SECRET,
      sessionToken: parsed.SESSION_TOKEN_SECRET,
      adminToken: parsed.ADMIN_API_TOKEN,
    },
  };
}

/** Whisperlive serves HTTP on its health port, 9091 unless changed. */
function apiBeside(audioUrl: string): string {
  const { protocol, hostname } = new URL(audioUrl);
  return `${protocol === 'wss:' ? 'https' : 'http'}://${hostname}:9091`;
}
