import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { IdentityVariables } from '@vexa/shared/auth/identity-token';
import { json } from '@vexa/shared/contracts/routes/parts';
import { problems } from '@vexa/shared/contracts/routes/problems';
import { type AcceptEventDeps, acceptEvent } from '../inbound/accept-event.ts';
import { inboundWebhookPath } from '../wholesaler/webhook-registration.ts';

const Receipt = z.object({ status: z.enum(['accepted', 'known']) }).openapi('WebhookReceipt');

const meetingFinishedRoute = createRoute({
  tags: ['Wholesaler'],
  method: 'post',
  path: inboundWebhookPath,
  operationId: 'meetingFinished',
  summary: 'For the wholesaler: a meeting is over (Standard Webhooks signature over the raw body)',
  responses: {
    200: json(Receipt, 'This event was stored before; nothing happens twice.'),
    202: json(Receipt, 'Stored; the transcript is fetched after this answer.'),
    ...problems(400, 401, 413, 422, 503),
  },
});

export function mountInboundWebhooks(app: OpenAPIHono<{ Variables: IdentityVariables }>, deps: AcceptEventDeps): void {
  app.openapi(meetingFinishedRoute, async (c) => {
    // The signature is over the bytes as they came, so nothing may parse the body before.
    const status = await acceptEvent(deps, { headers: c.req.raw.headers, rawBody: await c.req.text() });
    return status === 'known' ? c.json({ status }, 200) : c.json({ status }, 202);
  });
}
