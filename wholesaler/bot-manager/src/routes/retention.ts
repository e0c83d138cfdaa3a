import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { type IdentityVariables, requireService } from '@vexa/shared/auth/identity-token';
import { ExpiringRequest } from '@vexa/shared/contracts/internal';
import { jsonBody } from '@vexa/shared/contracts/routes/parts';
import { problems } from '@vexa/shared/contracts/routes/problems';
import { announceExpiry } from '../meetings/announce-expiry.ts';
import { requireFinished } from '../meetings/get-meeting.ts';
import { type PurgeDeps, purge } from '../meetings/purge-meeting.ts';

export interface RetentionRouteDeps extends PurgeDeps {
  now: () => Date;
  outbox: { nudge(): void };
  internalTokenSecret: string;
}

const params = z.object({ id: z.coerce.number().int().min(1).max(2_147_483_647) });
const responses = { 204: { description: 'Done, now or before.' }, ...problems(401, 404, 409, 422, 503) };

const expiringRoute = createRoute({
  method: 'post',
  path: '/internal/meetings/{id}/expiring',
  request: { params, body: jsonBody(ExpiringRequest) },
  responses,
});
const expireRoute = createRoute({
  method: 'post',
  path: '/internal/meetings/{id}/expire',
  request: { params },
  responses,
});

/** What the service that watches the retention time asks for. */
export function mountRetention(app: OpenAPIHono<{ Variables: IdentityVariables }>, deps: RetentionRouteDeps): void {
  app.use('/internal/*', requireService(deps.internalTokenSecret));
  app.openapi(expiringRoute, async (c) => {
    const { id: meetingId } = c.req.valid('param');
    await announceExpiry(deps, { meetingId, expiresAt: c.req.valid('json').expires_at });
    return c.body(null, 204);
  });
  app.openapi(expireRoute, async (c) => {
    await purge(deps, await requireFinished(deps.db, c.req.valid('param').id));
    return c.body(null, 204);
  });
}
