import { errorFields, type Logger } from '@vexa/shared/logging';
import { connectRedis } from '@vexa/shared/redis/client';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

/** Which requests are counted together: starts of bots, other changes, and reads. */
export type RouteClass = 'start' | 'write' | 'read';

/** Requests a user may make in a minute, over all gateways together. 0: as many as wanted. */
export type RateLimitConfig = Record<RouteClass, number>;

export interface Verdict {
  allowed: boolean;
  limit: number;
  remaining: number;
  resetSeconds: number;
}

export interface RateLimits extends AsyncDisposable {
  /** Undefined when this class has no limit. */
  count(routeClass: RouteClass, userId: number): Promise<Verdict | undefined>;
}

const windowSeconds = 60;
/** Counting must not make a request wait: after that, this gateway counts for itself. */
const redisTimeoutMs = 250;

/**
 * Counts requests per user and class in windows of a minute, in Redis. A user over the limit is remembered here until
 * their window ends, so a flood costs Redis nothing. While Redis is away each gateway counts for itself.
 */
export function connectRateLimits(redisUrl: string, limits: RateLimitConfig, logger: Logger): RateLimits {
  const redis = connectRedis(redisUrl, logger, { commandTimeoutMs: redisTimeoutMs });
  const limiterOf = (routeClass: RouteClass) => {
    const points = limits[routeClass];
    if (points === 0) return undefined;
    const options = { points, duration: windowSeconds, keyPrefix: `ag:rate:${routeClass}` };
    return new RateLimiterRedis({
      ...options,
      storeClient: redis,
      rejectIfRedisNotReady: true,
      inMemoryBlockOnConsumed: points + 1,
      insuranceLimiter: new RateLimiterMemory(options),
    });
  };
  const limiters = { start: limiterOf('start'), write: limiterOf('write'), read: limiterOf('read') };
  return {
    async count(routeClass, userId) {
      const limiter = limiters[routeClass];
      if (!limiter) return undefined;
      try {
        return toVerdict(limiter.points, true, await limiter.consume(userId));
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return toVerdict(limiter.points, false, refused);
        logger.warn(errorFields(refused), 'a request could not be counted and was let through');
        return undefined;
      }
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect();
    },
  };
}

const toVerdict = (limit: number, allowed: boolean, { remainingPoints, msBeforeNext }: RateLimiterRes): Verdict => ({
  allowed,
  limit,
  remaining: Math.max(0, remainingPoints),
  resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1_000)),
});
