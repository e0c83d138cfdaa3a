import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import {
  getWebhookRoute,
  listDeadWebhooksRoute,
  listDeliveriesRoute,
  replayDeliveryRoute,
  replayWebhookRoute,
  setWebhookRoute,
  testWebhookRoute,
} from '../contracts/routes/webhooks.ts';
import type { Db } from '../db/client.ts';
import type { BaseVariables } from '../http/app.ts';
import { deliveryPage, replayDelivery, sendTest, toDeadWebhook, toDelivery } from './deliveries.ts';
import { type EndpointDeps, getWebhookEndpoint, setWebhookEndpoint } from './endpoint.ts';

interface Outbox {
  nudge(): void;
}

interface WebhookRouteDeps<V extends BaseVariables> extends EndpointDeps {
  /** Whose endpoint a request is about; the app has authenticated it before. */
  userId: (c: Context<{ Variables: V }>) => number;
  outbox: Outbox;
}

/** Mounts `/user/webhook` and what is below it: the endpoint, its deliveries, replay and test. */
export function mountWebhookRoutes<V extends BaseVariables>(
  app: OpenAPIHono<{ Variables: V }>,
  { userId, outbox, ...deps }: WebhookRouteDeps<V>,
): void {
  const { db } = deps;
  app.openapi(setWebhookRoute, async (c) => {
    const settings = await setWebhookEndpoint(deps, { userId: userId(c), ...c.req.valid('json') });
    return c.json(settings, 200);
  });
  app.openapi(getWebhookRoute, async (c) => c.json(await getWebhookEndpoint(db, userId(c)), 200));
  app.openapi(listDeliveriesRoute, async (c) =>
    c.json(await deliveryPage(db, { userId: userId(c), ...c.req.valid('query') }, toDelivery), 200),
  );
  app.openapi(replayDeliveryRoute, async (c) => {
    const delivery = await replayDelivery(db, { id: c.req.valid('param').id, userId: userId(c) });
    outbox.nudge();
    return c.json(toDelivery(delivery), 202);
  });
  app.openapi(testWebhookRoute, async (c) => {
    const delivery = await sendTest(db, userId(c));
    outbox.nudge();
    return c.json(toDelivery(delivery), 202);
  });
}

/** Mounts the operator's routes of the outbox; the guard of `/admin/*` is mounted before. */
export function mountWebhookAdmin<V extends BaseVariables>(
  app: OpenAPIHono<{ Variables: V }>,
  { db, outbox }: { db: Db; outbox: Outbox },
): void {
  app.openapi(listDeadWebhooksRoute, async (c) =>
    c.json(await deliveryPage(db, { status: 'dead', ...c.req.valid('query') }, toDeadWebhook), 200),
  );
  app.openapi(replayWebhookRoute, async (c) => {
    const delivery = await replayDelivery(db, { id: c.req.valid('param').id });
    outbox.nudge();
    return c.json(toDeadWebhook(delivery), 202);
  });
}
