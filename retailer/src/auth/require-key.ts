import { authenticateKey } from '@vexa/shared/accounts/authenticate-key';
import { apiKeyOf, unknownKey } from '@vexa/shared/auth/api-key';
import { hasScope, type IdentityVariables } from '@vexa/shared/auth/identity-token';
import type { Scope } from '@vexa/shared/contracts/internal';
import type { Db } from '@vexa/shared/db/client';
import { ServiceError } from '@vexa/shared/errors';
import type { MiddlewareHandler } from 'hono';

/** Lets in requests whose key is known and has one of `scopes` (none given: any key), and sets `identity`. */
export const requireKey =
  (db: Db, ...scopes: Scope[]): MiddlewareHandler<{ Variables: IdentityVariables }> =>
  async (c, next) => {
    const identity = await authenticateKey(
      db,
      apiKeyOf((name) => c.req.header(name)),
    );
    if (!identity) throw unknownKey();
    if (scopes.length > 0 && !scopes.some((scope) => hasScope(identity, scope))) {
      throw new ServiceError('forbidden', `This key lacks the scope "${scopes.join('" or "')}".`);
    }
    c.set('identity', identity);
    await next();
  };
