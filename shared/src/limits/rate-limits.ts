import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { errorFields, type Logger } from '../logging.ts';
import { connectRedis } from '../redis/client.ts';
import { Shares, type Taken, type Verdict, type Who } from './shares.ts';

/** Which requests are counted together: a user's starts of bots, other changes and reads, and those of an address nobody vouches for. */
export type RouteClass = 'start' | 'write' | 'read' | 'address';

/** Requests a user or an address may make in a minute, over all processes together. 0: as many as wanted. */
export type RateLimitConfig = Record<RouteClass, number>;

export interface RateLimits extends AsyncDisposable {
  /** Undefined when this class has no limit. */
  count(routeClass: RouteClass, who: Who): Promise<Verdict | undefined>;
  /** The refusal that stands already, without counting. */
  refusal(routeClass: RouteClass, who: Who): Verdict | undefined;
}

const windowSeconds = 60;
/** Counting must not make a request wait: after that, this process counts for itself. */
const redisTimeoutMs = 250;

/**
 * Counts requests per caller and class in windows of a minute, in Redis. While Redis is away each process counts for
 * itself.
 */
export function connectRateLimits(redisUrl: string, limits: RateLimitConfig, logger: Logger): RateLimits {
  const redis = connectRedis(redisUrl, logger, { commandTimeoutMs: redisTimeoutMs });
  const counting = countWith(limits, logger, (options) => {
    const insuranceLimiter = new RateLimiterMemory(options);
    return new RateLimiterRedis({ ...options, storeClient: redis, rejectIfRedisNotReady: true, insuranceLimiter });
  });
  return {
    ...counting,
    async [Symbol.asyncDispose]() {
      redis.disconnect();
    },
  };
}

/** Counts the same way in the memory of this process. */
export const localRateLimits = (limits: RateLimitConfig, logger: Logger): RateLimits => ({
  ...countWith(limits, logger, (options) => new RateLimiterMemory(options)),
  [Symbol.asyncDispose]: async () => {},
});

interface Window {
  points: number;
  duration: number;
  keyPrefix: string;
}

function countWith(
  limits: RateLimitConfig,
  logger: Logger,
  limiterOf: (window: Window) => RateLimiterAbstract,
): Omit<RateLimits, typeof Symbol.asyncDispose> {
  const sharesOf = (routeClass: RouteClass): Shares | undefined => {
    const limit = limits[routeClass];
    if (limit === 0) return undefined;
    const limiter = limiterOf({ points: limit, duration: windowSeconds, keyPrefix: `ag:rate:${routeClass}` });
    return new Shares({ limit, take: (who, points) => take(limiter, who, points) });
  };
  const shares = {
    start: sharesOf('start'),
    write: sharesOf('write'),
    read: sharesOf('read'),
    address: sharesOf('address'),
  };
  return {
    async count(routeClass, who) {
      try {
        return await shares[routeClass]?.count(who);
      } catch (error) {
        logger.warn(errorFields(error), 'a request could not be counted and was let through');
        return undefined;
      }
    },
    refusal: (routeClass, who) => shares[routeClass]?.refusal(who),
  };
}

async function take(limiter: RateLimiterAbstract, who: Who, points: number): Promise<Taken> {
  try {
    return toTaken(true, await limiter.consume(who, points));
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
