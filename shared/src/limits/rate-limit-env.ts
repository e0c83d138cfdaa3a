import { z } from 'zod';
import type { RateLimitConfig } from './rate-limits.ts';

const perMinute = (fallback: number) => z.coerce.number().int().min(0).max(1_000_000).default(fallback);

/** What the public edge of either product reads of how often it may be asked, and of the proxies before it. */
export const rateLimitEnv = {
  RATE_LIMIT_START: perMinute(300),
  RATE_LIMIT_WRITE: perMinute(1_200),
  RATE_LIMIT_READ: perMinute(6_000),
  RATE_LIMIT_ADDRESS: perMinute(600),
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
};

const schema = z.object(rateLimitEnv);

export const rateLimitConfig = (
  env: z.output<typeof schema>,
): { rateLimits: RateLimitConfig; trustedProxies: number } => ({
  rateLimits: {
    start: env.RATE_LIMIT_START,
    write: env.RATE_LIMIT_WRITE,
    read: env.RATE_LIMIT_READ,
    address: env.RATE_LIMIT_ADDRESS,
  },
  trustedProxies: env.TRUSTED_PROXIES,
});
