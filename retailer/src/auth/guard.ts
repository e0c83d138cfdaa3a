import { apiKeyOf, unknownKey } from '@vexa/shared/auth/api-key';
import { hasScope, type IdentityVariables } from '@vexa/shared/auth/identity-token';
import type { KeyCache } from '@vexa/shared/auth/key-cache';
import { recognize } from '@vexa/shared/auth/recognize';
import type { Scope } from '@vexa/shared/contracts/internal';
import { ServiceError } from '@vexa/shared/errors';
import { addressOfCaller, classOf, limitRate } from '@vexa/shared/limits/limit-rate';
import type { RateLimits } from '@vexa/shared/limits/rate-limits';
import { noteUser } from '@vexa/shared/request-context';
import type { MiddlewareHandler } from 'hono';

type Middleware = MiddlewareHandler<{ Variables: IdentityVariables }>;

/** Lets in requests whose key is known and has one of the scopes (none given: any key), and sets `identity`. */
export type Guard = (...scopes: Scope[]) => Middleware;

interface Deps {
  keys: KeyCache;
  rateLimits: RateLimits;
  trustedProxies: number;
}

/** Requests are counted by user, and those with unknown keys by the address they come from. */
export function createGuard({ keys, rateLimits, trustedProxies }: Deps): Guard {
  const limit = (routeClass: ReturnType<typeof classOf>): Middleware =>
    limitRate<IdentityVariables>(rateLimits, routeClass, (c) => c.var.identity.user_id);
  const limits = { start: limit('start'), write: limit('write'), read: limit('read'), address: limit('address') };
  return (...scopes) =>
    async (c, next) => {
      const key = apiKeyOf((name) => c.req.header(name));
      const found = await recognize({ keys, rateLimits }, key, () => addressOfCaller(c, trustedProxies));
      if (!found) throw unknownKey();
      const { identity } = found;
      c.set('identity', identity);
      noteUser(identity.user_id);
      return limits[classOf(c.req.method, c.req.path)](c, async () => {
        if (scopes.length > 0 && !scopes.some((scope) => hasScope(identity, scope))) {
          throw new ServiceError('forbidden', `This key lacks the scope "${scopes.join('" or "')}".`);
        }
        await next();
      });
    };
}
