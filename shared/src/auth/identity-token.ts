import type { MiddlewareHandler } from 'hono';
import { jwtVerify, SignJWT } from 'jose';
import { Identity, type Scope } from '../contracts/internal.ts';
import { ServiceError } from '../errors.ts';
import type { BaseVariables } from '../http/app.ts';
import { noteUser } from '../request-context.ts';

export const identityHeader = 'x-vexa-identity';
const issuer = 'vexa:api-gateway';
const lifetime = '60s';

const keyOf = (secret: string): Uint8Array => new TextEncoder().encode(secret);

/** HS256 with `INTERNAL_TOKEN_SECRET`, 60 s: what services accept from the gateway, and nothing else. */
export const signIdentity = (secret: string, identity: Identity): Promise<string> =>
  new SignJWT({ identity })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(issuer)
    .setIssuedAt()
    .setExpirationTime(lifetime)
    .sign(keyOf(secret));

/** For calls that one service makes for itself, not for a user. */
export const signServiceCall = (secret: string, service: string): Promise<string> =>
  new SignJWT({ service })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(issuer)
    .setIssuedAt()
    .setExpirationTime(lifetime)
    .sign(keyOf(secret));

export interface IdentityVariables extends BaseVariables {
  identity: Identity;
}

export const hasScope = (identity: Identity, scope: Scope): boolean =>
  identity.scopes.includes('*') || identity.scopes.includes(scope);

/** Lets in requests that carry the gateway's identity with `scope`, and sets `identity`. */
export const requireIdentity =
  (secret: string, scope?: Scope): MiddlewareHandler<{ Variables: IdentityVariables }> =>
  async (c, next) => {
    const identity = Identity.safeParse((await claims(secret, c.req.header(identityHeader))).identity).data;
    if (!identity) throw new ServiceError('unauthorized', 'This address is for the gateway: call the public API.');
    if (scope && !hasScope(identity, scope)) {
      throw new ServiceError('forbidden', `This key lacks the scope "${scope}".`);
    }
    c.set('identity', identity);
    noteUser(identity.user_id);
    await next();
  };

/** Lets in calls that another service signed for itself. */
export const requireService =
  (secret: string): MiddlewareHandler =>
  async (c, next) => {
    const service = (await claims(secret, c.req.header(identityHeader))).service;
    if (typeof service !== 'string') throw new ServiceError('unauthorized', 'This address is internal.');
    await next();
  };

async function claims(secret: string, token: string | undefined): Promise<Record<string, unknown>> {
  if (!token) return {};
  try {
    return (await jwtVerify(token, keyOf(secret), { issuer, algorithms: ['HS256'] })).payload;
  } catch {
    return {}; // every reason a token is refused is the same to its bearer
  }
}
