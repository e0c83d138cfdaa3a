import { type DestinationStream, type Logger, pino } from 'pino';
import { requestFields } from './request-context.ts';

export type { Logger } from 'pino';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const secretPaths = ['token', 'key', 'secret', 'password', 'authorization', 'apiKey', 'text', 'segments'];

/**
 * JSON lines on stdout, with the ids of the request they belong to. Secrets and transcript text are cut out even when
 * somebody logs a whole object.
 */
export const createLogger = (service: string, level: LogLevel = 'info', destination?: DestinationStream): Logger => {
  const options = {
    level,
    base: { service },
    mixin: requestFields,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secretPaths.flatMap((path) => [path, `*.${path}`]), censor: '[redacted]' },
  };
  return destination ? pino(options, destination) : pino(options);
};

/** Log lines name an error by its message, code and stack, never by the request that caused it. */
export const errorFields = (
  error: unknown,
): { err: { message: string; stack?: string | undefined; code?: unknown } } => {
  // Some libraries throw what is no Error but has its message.
  if (!(error instanceof Error)) {
    const hasMessage = typeof error === 'object' && error !== null && 'message' in error;
    return { err: { message: String(hasMessage ? error.message : error) } };
  }
  // drizzle's own message repeats the query's parameters, which may be text somebody said; its cause does not.
  if ('params' in error && error.cause instanceof Error) return errorFields(error.cause);
  const code = 'code' in error ? error.code : undefined;
  return { err: { message: error.message, stack: error.stack, ...(code === undefined ? {} : { code }) } };
};
