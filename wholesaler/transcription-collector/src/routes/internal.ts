import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { type IdentityVariables, requireService } from '@vexa/shared/auth/identity-token';
import { DrainReply, DrainRequest } from '@vexa/shared/contracts/internal';
import { json } from '@vexa/shared/contracts/routes/parts';
import { problems } from '@vexa/shared/contracts/routes/problems';
import { type DrainDeps, drainMeeting } from '../meetings/drain-meeting.ts';
import { purgeMeeting } from '../meetings/purge-meeting.ts';

interface InternalRouteDeps extends DrainDeps {
  internalTokenSecret: string;
}

const MeetingPath = z.object({ id: z.coerce.number().int().positive().max(2_147_483_647) });

const drainRoute = createRoute({
  method: 'post',
  path: '/internal/meetings/{id}/drain',
  request: { params: MeetingPath, body: { content: { 'application/json': { schema: DrainRequest } } } },
  responses: { 200: json(DrainReply, 'What is stored, and whether it is all.'), ...problems(401, 422, 503) },
});

const purgeRoute = createRoute({
  method: 'delete',
  path: '/internal/meetings/{id}',
  request: { params: MeetingPath },
  responses: { 204: { description: 'Nothing of the meeting is left.' }, ...problems(401, 422, 503) },
});

export function mountInternal(app: OpenAPIHono<{ Variables: IdentityVariables }>, deps: InternalRouteDeps): void {
  app.use('/internal/*', requireService(deps.internalTokenSecret));
  app.openapi(drainRoute, async (c) => {
    const { force } = DrainRequest.parse(c.req.valid('json') ?? {});
    return c.json(await drainMeeting(deps, c.req.valid('param').id, force), 200);
  });
  app.openapi(purgeRoute, async (c) => {
    await purgeMeeting(deps, c.req.valid('param').id);
    deps.sessions.forget(c.req.valid('param').id);
    return c.body(null, 204);
  });
}
