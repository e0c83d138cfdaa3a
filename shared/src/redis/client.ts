import { Redis } from 'ioredis';
import { errorFields, type Logger } from '../logging.ts';

/**
 * A connection that comes back by itself (waits 50 ms to 2 s between tries). Commands given while Redis is away
 * wait in the client and fail after `commandTimeoutMs`; callers decide whether to repeat them.
 */
export function connectRedis(url: string, logger: Logger, { commandTimeoutMs = 10_000 } = {}): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    commandTimeout: commandTimeoutMs,
    retryStrategy: (times) => Math.min(50 * 2 ** times, 2_000),
  });
  redis.on('error', (error: Error) => logger.warn(errorFields(error), 'redis connection trouble'));
  return redis;
}

/** A connection for SUBSCRIBE or blocking reads, which may wait longer than any command timeout. */
export function connectBlockingRedis(url: string, logger: Logger): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(50 * 2 ** times, 2_000),
  });
  redis.on('error', (error: Error) => logger.warn(errorFields(error), 'redis connection trouble'));
  return redis;
}
