import { apiKeyOf, unknownKey } from '@vexa/shared/auth/api-key';
import type { BaseVariables } from '@vexa/shared/http/app';
import { noteUser } from '@vexa/shared/request-context';
import type { MiddlewareHandler } from 'hono';
import type { Authenticated, KeyCache } from '../auth/key-cache.ts';

export interface GatewayVariables extends BaseVariables {
  authenticated: Authenticated;
}

export type RequireKey = MiddlewareHandler<{ Variables: GatewayVariables }>;

/** Lets in requests with a known key, and sets `authenticated`. */
export const requireKey =
  (keys: KeyCache): RequireKey =>
  async (c, next) => {
    const authenticated = await keys.authenticate(apiKeyOf((name) => c.req.header(name)));
    if (!authenticated) throw unknownKey();
    c.set('authenticated', authenticated);
    noteUser(authenticated.identity.user_id);
    await next();
  };
