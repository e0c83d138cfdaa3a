import { apiKeyOf, unknownKey } from '@vexa/shared/auth/api-key';
import type { BaseVariables } from '@vexa/shared/http/app';
import { noteUser } from '@vexa/shared/request-context';
import type { MiddlewareHandler } from 'hono';
import type { Authenticated, KeyCache } from '../auth/key-cache.ts';
import { recognize } from '../auth/recognize.ts';
import { addressOfCaller } from '../limits/limit-rate.ts';
import type { RateLimits } from '../limits/rate-limits.ts';

export interface GatewayVariables extends BaseVariables {
  authenticated: Authenticated;
}

export type RequireKey = MiddlewareHandler<{ Variables: GatewayVariables }>;

interface Deps {
  keys: KeyCache;
  rateLimits: RateLimits;
  trustedProxies: number;
}

/** Lets in requests with a known key, and sets `authenticated`. */
export const requireKey =
  (deps: Deps): RequireKey =>
  async (c, next) => {
    const key = apiKeyOf((name) => c.req.header(name));
    const authenticated = await recognize(deps, key, () => addressOfCaller(c, deps.trustedProxies));
    if (!authenticated) throw unknownKey();
    c.set('authenticated', authenticated);
    noteUser(authenticated.identity.user_id);
    await next();
  };
