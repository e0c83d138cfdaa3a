import { errorFields, type Logger } from '@vexa/shared/logging';
import { connectRedis } from '@vexa/shared/redis/client';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { Shares, type Taken, type Verdict } from './shares.ts';

/** Which requests are counted together: starts of bots, other changes, and reads. */
export type RouteClass = 'start' | 'write' | 'read';

/** Requests a user may make in a minute, over all gateways together. 0: as many as wanted. */
export type RateLimitConfig = Record<RouteClass, number>;

export interface RateLimits extends AsyncDisposable {
  /** Undefined when this class has no limit. */
  count(routeClass: RouteClass, userId: number): Promise<Verdict | undefined>;
}

const windowSeconds = 60;
/** Counting must not make a request wait: after that, this gateway counts for itself. */
const redisTimeoutMs = 250;

/**
 * Counts requests per user and class in windows of a minute, in Redis. While Redis is away each gateway counts for
 * itself.
 */
export function connectRateLimits(redisUrl: string, limits: RateLimitConfig, logger: Logger): RateLimits {
  const redis = connectRedis(redisUrl, logger, { commandTimeoutMs: redisTimeoutMs });
  const sharesOf = (routeClass: RouteClass): Shares | undefined => {
    const limit = limits[routeClass];
    if (limit === 0) return undefined;
    const options = { points: limit, duration: windowSeconds, keyPrefix: `ag:rate:${routeClass}` };
    const limiter = new RateLimiterRedis({
      ...options,
      storeClient: redis,
      rejectIfRedisNotReady: true,
      insuranceLimiter: new RateLimiterMemory(options),
    });
    return new Shares({ limit, take: (userId, points) => take(limiter, userId, points) });
  };
  const shares = { start: sharesOf('start'), write: sharesOf('write'), read: sharesOf('read') };
  return {
    async count(routeClass, userId) {
      try {
        return await shares[routeClass]?.count(userId);
      } catch (error) {
        logger.warn(errorFields(error), 'a request could not be counted and was let through');
        return undefined;
      }
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect();
    },
  };
}

async function take(limiter: RateLimiterRedis, userId: number, points: number): Promise<Taken> {
  try {
    return toTaken(true, await limiter.consume(userId, points));
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return toTaken(false, refused);
    throw refused;
  }
}

const toTaken = (allowed: boolean, { remainingPoints, msBeforeNext }: RateLimiterRes): Taken => ({
  allowed,
  remaining: Math.max(0, remainingPoints),
  msUntilReset: msBeforeNext,
});
