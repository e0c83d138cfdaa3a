import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { getWebhookRoute, setWebhookRoute } from '../contracts/routes/webhooks.ts';
import type { BaseVariables } from '../http/app.ts';
import { type EndpointDeps, getWebhookEndpoint, setWebhookEndpoint } from './endpoint.ts';

interface WebhookRouteDeps<V extends BaseVariables> extends EndpointDeps {
  /** Whose endpoint a request is about; the app has authenticated it before. */
  userId: (c: Context<{ Variables: V }>) => number;
}

/** Mounts `PUT` and `GET /user/webhook`. */
export function mountWebhookRoutes<V extends BaseVariables>(
  app: OpenAPIHono<{ Variables: V }>,
  { userId, ...deps }: WebhookRouteDeps<V>,
): void {
  app.openapi(setWebhookRoute, async (c) => {
    const settings = await setWebhookEndpoint(deps, { userId: userId(c), ...c.req.valid('json') });
    return c.json(settings, 200);
  });
  app.openapi(getWebhookRoute, async (c) => c.json(await getWebhookEndpoint(deps.db, userId(c)), 200));
}
