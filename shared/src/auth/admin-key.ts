import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { ServiceError } from '../errors.ts';

export const adminKeyHeader = 'X-Admin-API-Key';

/** Lets in requests that carry the operator's key; how long the comparison takes says nothing of the key. */
export function requireAdminKey(adminToken: string): MiddlewareHandler {
  const expected = digest(adminToken);
  return async (c, next) => {
    const given = c.req.header(adminKeyHeader);
    if (!given) throw new ServiceError('unauthorized', `Missing admin key: send it in the header ${adminKeyHeader}.`);
    if (!timingSafeEqual(digest(given), expected)) throw new ServiceError('unauthorized', 'Unknown admin key.');
    await next();
  };
}

const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
