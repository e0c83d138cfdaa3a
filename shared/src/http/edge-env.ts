import { z } from 'zod';
import type { RateLimitConfig } from '../limits/rate-limits.ts';

const perMinute = (fallback: number) => z.coerce.number().int().min(0).max(1_000_000).default(fallback);

/** What the public edge of either product reads: how often it may be asked, the proxies before it, whose pages may call. */
export const edgeEnv = {
  RATE_LIMIT_START: perMinute(300),
  RATE_LIMIT_WRITE: perMinute(1_200),
  RATE_LIMIT_READ: perMinute(6_000),
  RATE_LIMIT_ADDRESS: perMinute(600),
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  CORS_ORIGINS: z
    .string()
    .default('')
    .transform((list) => list.split(',').map((origin) => origin.trim()))
    .transform((origins) => origins.filter((origin) => origin !== ''))
    .refine((origins) => origins.every((origin) => origin === '*' || URL.parse(origin)?.origin === origin), {
      message: 'must be a comma-separated list of origins such as https://app.example.com, or *',
    }),
};

export interface EdgeConfig {
  rateLimits: RateLimitConfig;
  /** Proxies of the operator's own before the edge; each adds the address it saw to `x-forwarded-for`. */
  trustedProxies: number;
  corsOrigins: string[];
}

const schema = z.object(edgeEnv);

export const edgeConfig = (env: z.output<typeof schema>): EdgeConfig => ({
  rateLimits: {
    start: env.RATE_LIMIT_START,
    write: env.RATE_LIMIT_WRITE,
    read: env.RATE_LIMIT_READ,
    address: env.RATE_LIMIT_ADDRESS,
  },
  trustedProxies: env.TRUSTED_PROXIES,
  corsOrigins: env.CORS_ORIGINS,
});
