import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { IdentityVariables } from '@vexa/shared/auth/identity-token';
import { verifySessionToken } from '@vexa/shared/auth/session-token';
import { BotCallback, BotCallbackReply } from '@vexa/shared/contracts/bot';
import { json, jsonBody } from '@vexa/shared/contracts/routes/parts';
import { problems } from '@vexa/shared/contracts/routes/problems';
import { ServiceError } from '@vexa/shared/errors';
import { type RecordCallbackDeps, recordCallback } from '../bots/record-callback.ts';

export const callbackPath = '/bots/internal/callback';

const callbackRoute = createRoute({
  method: 'post',
  path: callbackPath,
  request: { body: jsonBody(BotCallback) },
  responses: { 200: json(BotCallbackReply, 'Taken, or no longer of interest.'), ...problems(400, 401, 403, 422, 503) },
});

/** Where bots report, each with its own session token. */
export function mountCallbacks(
  app: OpenAPIHono<{ Variables: IdentityVariables }>,
  deps: RecordCallbackDeps & { sessionTokenSecret: string },
): void {
  app.openapi(callbackRoute, async (c) => {
    const token = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1];
    const claims = token && (await verifySessionToken(deps.sessionTokenSecret, token));
    if (!claims) throw new ServiceError('unauthorized', 'A callback needs the session token of its bot.');
    return c.json(await recordCallback(deps, { claims, callback: c.req.valid('json') }), 200);
  });
}
