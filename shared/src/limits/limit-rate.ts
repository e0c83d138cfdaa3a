import type { IncomingMessage } from 'node:http';
import type { Context, MiddlewareHandler } from 'hono';
import { ServiceError } from '../errors.ts';
import type { BaseVariables } from '../http/app.ts';
import { problemResponse } from '../http/problem.ts';
import { addressOf } from './address-of.ts';
import type { RateLimits, RouteClass } from './rate-limits.ts';
import type { Verdict } from './shares.ts';

/**
 * Counts the request against its user's limit and says in `RateLimit-*` what is left; over the limit it is answered
 * with 429. Goes after what finds out whose request it is.
 */
export const limitRate =
  <V extends BaseVariables>(
    limits: RateLimits,
    routeClass: RouteClass,
    userId: (c: Context<{ Variables: V }>) => number,
  ): MiddlewareHandler<{ Variables: V }> =>
  async (c, next) =>
    obey(c, await limits.count(routeClass, userId(c)), next);

/** Counts the request against the address it comes from, where no key says whose it is. */
export const limitAddress =
  (limits: RateLimits, trustedProxies: number): MiddlewareHandler =>
  async (c, next) =>
    obey(c, await limits.count('address', addressOfCaller(c, trustedProxies)), next);

/** Counts what is answered with 401 against the address it comes from, so that the operator's key cannot be tried out. */
export const limitRefused =
  (limits: RateLimits, trustedProxies: number): MiddlewareHandler =>
  async (c, next) => {
    const address = addressOfCaller(c, trustedProxies);
    const refusal = limits.refusal('address', address);
    if (refusal) return refused(c, refusal);
    await next();
    if (c.res.status === 401) await limits.count('address', address);
  };

export const addressOfCaller = (c: Context, trustedProxies: number): string =>
  addressOf((c.env as { incoming: IncomingMessage }).incoming, trustedProxies);

export const tooMany = ({ limit, resetSeconds }: Verdict): ServiceError =>
  new ServiceError('rate_limited', `More than ${limit} requests of this kind in a minute.`, {
    retryAfterSeconds: resetSeconds,
  });

async function obey(c: Context, verdict: Verdict | undefined, next: () => Promise<void>) {
  if (!verdict) return next();
  if (!verdict.allowed) return refused(c, verdict);
  // Before the request goes on: whatever answer it gets takes these over.
  setHeaders(c.res.headers, verdict);
  return next();
}

function refused(c: Context, verdict: Verdict): Response {
  const response = problemResponse(tooMany(verdict), c.get('requestId'));
  setHeaders(response.headers, verdict);
  return response;
}

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
