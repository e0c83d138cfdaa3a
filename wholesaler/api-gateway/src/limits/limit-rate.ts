import { ServiceError } from '@vexa/shared/errors';
import { problemResponse } from '@vexa/shared/http/problem';
import type { MiddlewareHandler } from 'hono';
import type { GatewayVariables } from '../routes/require-key.ts';
import type { RateLimits, RouteClass } from './rate-limits.ts';
import type { Verdict } from './shares.ts';

/**
 * Counts the request against its user's limit and says in `RateLimit-*` what is left; over the limit it is answered
 * with 429. Goes after `requireKey`.
 */
export const limitRate =
  (limits: RateLimits, routeClass: RouteClass): MiddlewareHandler<{ Variables: GatewayVariables }> =>
  async (c, next) => {
    const verdict = await limits.count(routeClass, c.get('authenticated').identity.user_id);
    if (!verdict) return next();
    if (!verdict.allowed) {
      const error = new ServiceError('rate_limited', `More than ${verdict.limit} requests of this kind in a minute.`, {
        retryAfterSeconds: verdict.resetSeconds,
      });
      const response = problemResponse(error, c.get('requestId'));
      setHeaders(response.headers, verdict);
      return response;
    }
    // Before the request goes on: whatever answer it gets takes these over.
    setHeaders(c.res.headers, verdict);
    await next();
  };

function setHeaders(headers: Headers, { limit, remaining, resetSeconds }: Verdict): void {
  headers.set('RateLimit-Limit', String(limit));
  headers.set('RateLimit-Remaining', String(remaining));
  headers.set('RateLimit-Reset', String(resetSeconds));
}

/** To which class a route belongs. */
export function classOf(method: string, path: string): RouteClass {
  if (method.toUpperCase() === 'POST' && path === '/bots') return 'start';
  return method.toUpperCase() === 'GET' ? 'read' : 'write';
}
