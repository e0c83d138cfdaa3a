import type { MiddlewareHandler } from 'hono';
import { ServiceError } from '../errors.ts';
import { isSameSecret } from './same-secret.ts';

export const adminKeyHeader = 'X-Admin-API-Key';

/** Lets in requests that carry the operator's key; how long the comparison takes says nothing of the key. */
export function requireAdminKey(adminToken: string): MiddlewareHandler {
  return async (c, next) => {
    const given = c.req.header(adminKeyHeader);
    if (!given) throw new ServiceError('unauthorized', `Missing admin key: send it in the header ${adminKeyHeader}.`);
    if (!isSameSecret(given, adminToken)) throw new ServiceError('unauthorized', 'Unknown admin key.');
    await next();
  };
}
