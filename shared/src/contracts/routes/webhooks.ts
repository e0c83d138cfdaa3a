import { createRoute, z } from '@hono/zod-openapi';
import { WebhookEventType } from '../webhook-events.ts';
import { adminSecurity, json, jsonBody, keySecurity } from './parts.ts';
import { problems } from './problems.ts';

const webhooks = { tags: ['Webhooks'], security: keySecurity };
const path = '/user/webhook';

const Time = z.iso.datetime().openapi({ example: '2026-08-01T09:00:00.000Z' });

export const SetWebhookRequest = z
  .object({
    webhook_url: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }).max(2048),
    /** Without one, the stored secret stays, or a new one is made and answered once. */
    webhook_secret: z.string().min(16).max(256).nullish(),
    /** How long a secret that is replaced goes on signing beside the new one; left out: a day, 0: it ends now. */
    webhook_secret_overlap_seconds: z.int().min(0).max(604_800).nullish(),
    /** Null or left out: every event. */
    webhook_events: z.array(WebhookEventType).min(1).nullish(),
  })
  .openapi('SetWebhookRequest');
export type SetWebhookRequest = z.infer<typeof SetWebhookRequest>;

export const WebhookSettings = z
  .object({
    webhook_url: z.string(),
    /** Readable only in the answer that set it; masked after. */
    webhook_secret: z.string(),
    /** Until when each secret that was replaced signs beside the present one. */
    previous_secrets_until: z.array(Time).default([]),
    webhook_events: z.array(WebhookEventType).nullable(),
    enabled: z.boolean(),
  })
  .openapi('WebhookSettings');
export type WebhookSettings = z.infer<typeof WebhookSettings>;

export const setWebhookRoute = createRoute({
  ...webhooks,
  method: 'put',
  path,
  operationId: 'setWebhook',
  summary: 'Where your events go',
  request: { body: jsonBody(SetWebhookRequest, { webhook_url: 'https://example.com/hooks/vexa' }) },
  responses: { 200: json(WebhookSettings, 'Stored.'), ...problems(400, 401, 413, 422, 503, 504) },
});

export const getWebhookRoute = createRoute({
  ...webhooks,
  method: 'get',
  path,
  operationId: 'getWebhook',
  summary: 'Where your events go, with the secret masked',
  responses: { 200: json(WebhookSettings, 'The settings.'), ...problems(401, 404, 503, 504) },
});

export const WebhookDeliveryStatus = z.enum(['pending', 'delivered', 'dead']);

export const WebhookDelivery = z
  .object({
    /** The `webhook-id` of every attempt. */
    id: z.uuid(),
    event_type: WebhookEventType,
    status: WebhookDeliveryStatus,
    attempts: z.int(),
    /** What the endpoint answered last; null while it never did. */
    last_status: z.int().nullable(),
    last_error: z.string().nullable(),
    created_at: Time,
    /** Null once delivered or dead. */
    next_attempt_at: Time.nullable(),
    delivered_at: Time.nullable(),
  })
  .openapi('WebhookDelivery');
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;

const page = { limit: z.coerce.number().int().min(1).max(200).default(50), cursor: z.string().max(128).optional() };
const listOf = <S extends z.ZodType>(schema: S) =>
  z.object({ deliveries: z.array(schema), next_cursor: z.string().nullable() });

export const WebhookDeliveryList = listOf(WebhookDelivery).openapi('WebhookDeliveryList');
export const DeadWebhook = WebhookDelivery.extend({ user_id: z.int() }).openapi('DeadWebhook');
export type DeadWebhook = z.infer<typeof DeadWebhook>;
export const DeadWebhookList = listOf(DeadWebhook).openapi('DeadWebhookList');

const DeliveryPath = z.object({ id: z.uuid().openapi({ param: { name: 'id', in: 'path' } }) });

export const listDeliveriesRoute = createRoute({
  ...webhooks,
  method: 'get',
  path: `${path}/deliveries`,
  operationId: 'listWebhookDeliveries',
  summary: 'Your events of the last 30 days and what became of them, newest first',
  request: { query: z.object({ status: WebhookDeliveryStatus.optional(), ...page }) },
  responses: { 200: json(WebhookDeliveryList, 'One page.'), ...problems(401, 422, 503, 504) },
});

export const replayDeliveryRoute = createRoute({
  ...webhooks,
  method: 'post',
  path: `${path}/deliveries/{id}/replay`,
  operationId: 'replayWebhookDelivery',
  summary: 'Send an event again, under the same id',
  request: { params: DeliveryPath },
  responses: { 202: json(WebhookDelivery, 'It is due now.'), ...problems(401, 404, 409, 422, 503, 504) },
});

export const testWebhookRoute = createRoute({
  ...webhooks,
  method: 'post',
  path: `${path}/test`,
  operationId: 'testWebhook',
  summary: 'Send a `webhook.test` event to your endpoint; its delivery tells what came of it',
  responses: { 202: json(WebhookDelivery, 'It is due now.'), ...problems(401, 404, 409, 503, 504) },
});

const admin = { tags: ['Admin'], security: adminSecurity };

export const listDeadWebhooksRoute = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/webhooks/dead',
  operationId: 'listDeadWebhooks',
  summary: 'Events of every user that were given up, newest first',
  request: { query: z.object(page) },
  responses: { 200: json(DeadWebhookList, 'One page.'), ...problems(401, 422, 503, 504) },
});

export const replayWebhookRoute = createRoute({
  ...admin,
  method: 'post',
  path: '/admin/webhooks/{id}/replay',
  operationId: 'replayWebhook',
  summary: 'Send an event of any user again, under the same id',
  request: { params: DeliveryPath },
  responses: { 202: json(DeadWebhook, 'It is due now.'), ...problems(401, 404, 409, 422, 503, 504) },
});
