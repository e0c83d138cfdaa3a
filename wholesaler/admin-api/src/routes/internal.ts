import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { authenticateKey } from '@vexa/shared/accounts/authenticate-key';
import { type IdentityVariables, requireService } from '@vexa/shared/auth/identity-token';
import { AuthenticateRequest, Identity } from '@vexa/shared/contracts/internal';
import { json, jsonBody } from '@vexa/shared/contracts/routes/parts';
import { problems } from '@vexa/shared/contracts/routes/problems';
import type { Db } from '@vexa/shared/db/client';
import { ServiceError } from '@vexa/shared/errors';

const authenticateRoute = createRoute({
  method: 'post',
  path: '/internal/authenticate',
  request: { body: jsonBody(AuthenticateRequest) },
  responses: { 200: json(Identity, 'Whom the key stands for.'), ...problems(400, 401, 422, 503) },
});

/** What other services ask; only calls they sign are heard. */
export function mountInternal(
  app: OpenAPIHono<{ Variables: IdentityVariables }>,
  { db, internalToken }: { db: Db; internalToken: string },
): void {
  app.use('/internal/*', requireService(internalToken));
  app.openapi(authenticateRoute, async (c) => {
    const identity = await authenticateKey(db, c.req.valid('json').key);
    if (!identity) throw new ServiceError('unauthorized', 'Unknown, expired or revoked key.');
    return c.json(identity, 200);
  });
}
