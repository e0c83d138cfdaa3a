import { totalmem } from 'node:os';
import { type Env, parseEnv, port, redisUrl, secret, serviceEnv } from '@vexa/shared/config';
import type { LogLevel } from '@vexa/shared/logging';
import { z } from 'zod';
import { devices, precisionFor } from './engine/device.ts';
import type { EngineOptions } from './engine/engine.ts';
import { precisions } from './graphs/precision.ts';
import { defaultModelsDir } from './models/models-dir.ts';
import { defaultPolicy, type StreamingPolicy } from './streaming/policy.ts';

const schema = z
  .object({
    ...serviceEnv,
    PORT: port(9090),
    HEALTH_PORT: port(9091),
    REDIS_URL: redisUrl,
    SESSION_TOKEN_SECRET: secret('SESSION_TOKEN_SECRET'),
    TRANSCRIPTION_API_KEY: secret('TRANSCRIPTION_API_KEY').optional(),
    FFMPEG_PATH: z.string().default('ffmpeg'),
    VEXA_MODELS_DIR: z.string().default(() => defaultModelsDir()),
    WHISPER_MODEL: z.string().default('tiny.en'),
    WHISPER_MODELS: z.string().default(''),
    WHISPER_MEMORY_MB: z.coerce
      .number()
      .int()
      .min(256)
      .default(() => Math.floor(totalmem() / 2 / 1e6)),
    WHISPER_WORKERS: z.coerce.number().int().min(1).max(64).optional(),
    WHISPER_DEVICE: z.enum(devices).default('cpu'),
    WHISPER_PRECISION: z.enum(precisions).optional(),
    WHISPER_THREADS: z.coerce.number().int().min(1).max(256).optional(),
    DRAIN_SECONDS: z.coerce.number().min(0).max(86_400).default(0),
    MAX_STREAMS: z.coerce.number().int().min(1).max(10_000).default(64),
  })
  .superRefine(({ WHISPER_DEVICE, WHISPER_PRECISION }, context) => {
    try {
      precisionFor(WHISPER_DEVICE, WHISPER_PRECISION);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      context.addIssue({ code: 'custom', path: ['WHISPER_PRECISION'], message: error.message });
    }
  });

export interface Config {
  host: string;
  port: number;
  healthPort: number;
  logLevel: LogLevel;
  redisUrl: string;
  /** Undefined workers and threads: what suits the model and the machine. */
  engine: Required<Omit<EngineOptions, 'workers' | 'threads'>> & {
    workers: number | undefined;
    threads: number | undefined;
  };
  /** Those that may be asked for, the default (that of `engine`) first. */
  models: readonly string[];
  /** What the loaded models may take together. */
  memoryBytes: number;
  /** Bounds what idle connections take; how many can speak at once is measured. */
  maxStreams: number;
  /** How long streams and files may go on once the service is told to stop. */
  drainSeconds: number;
  policy: StreamingPolicy;
  /** Name or path of the program. */
  ffmpeg: string;
  secrets: { sessionToken: string; transcriptionApiKey: string | undefined };
}

export function configFromEnv(env: Env): Config {
  const e = parseEnv(schema, env);
  return {
    host: e.HOST,
    port: e.PORT,
    healthPort: e.HEALTH_PORT,
    logLevel: e.LOG_LEVEL,
    redisUrl: e.REDIS_URL,
    engine: {
      model: e.WHISPER_MODEL,
      modelsDir: e.VEXA_MODELS_DIR,
      workers: e.WHISPER_WORKERS,
      threads: e.WHISPER_THREADS,
      device: e.WHISPER_DEVICE,
      precision: e.WHISPER_PRECISION,
    },
    models: [...new Set([e.WHISPER_MODEL, ...listOf(e.WHISPER_MODELS)])],
    memoryBytes: e.WHISPER_MEMORY_MB * 1e6,
    maxStreams: e.MAX_STREAMS,
    drainSeconds: e.DRAIN_SECONDS,
    policy: defaultPolicy,
    ffmpeg: e.FFMPEG_PATH,
    secrets: { sessionToken: e.SESSION_TOKEN_SECRET, transcriptionApiKey: e.TRANSCRIPTION_API_KEY },
  };
}

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
