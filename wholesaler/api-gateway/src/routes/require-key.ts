import { apiKeyOf, unknownKey } from '@vexa/shared/auth/api-key';
import { recognize } from '@vexa/shared/auth/recognize';
import type { BaseVariables } from '@vexa/shared/http/app';
import { addressOfCaller } from '@vexa/shared/limits/limit-rate';
import type { RateLimits } from '@vexa/shared/limits/rate-limits';
import { noteUser } from '@vexa/shared/request-context';
import type { MiddlewareHandler } from 'hono';
import type { GatewayKeys, SignedIdentity } from '../auth/gateway-keys.ts';

export interface GatewayVariables extends BaseVariables {
  authenticated: SignedIdentity;
}

export type RequireKey = MiddlewareHandler<{ Variables: GatewayVariables }>;

interface Deps {
  keys: GatewayKeys;
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
