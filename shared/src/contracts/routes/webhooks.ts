import { createRoute, z } from '@hono/zod-openapi';
import { WebhookEventType } from '../webhook-events.ts';
import { json, jsonBody, keySecurity } from './parts.ts';
import { problems } from './problems.ts';

const webhooks = { tags: ['Webhooks'], security: keySecurity, path: '/user/webhook' };

export const SetWebhookRequest = z
  .object({
    webhook_url: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }).max(2048),
    /** Without one, the stored secret stays, or a new one is made and answered once. */
    webhook_secret: z.string().min(16).max(256).nullish(),
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
    webhook_events: z.array(WebhookEventType).nullable(),
    enabled: z.boolean(),
  })
  .openapi('WebhookSettings');
export type WebhookSettings = z.infer<typeof WebhookSettings>;

export const setWebhookRoute = createRoute({
  ...webhooks,
  method: 'put',
  operationId: 'setWebhook',
  summary: 'Where your events go',
  request: { body: jsonBody(SetWebhookRequest) },
  responses: { 200: json(WebhookSettings, 'Stored.'), ...problems(400, 401, 413, 422, 503, 504) },
});

export const getWebhookRoute = createRoute({
  ...webhooks,
  method: 'get',
  operationId: 'getWebhook',
  summary: 'Where your events go, with the secret masked',
  responses: { 200: json(WebhookSettings, 'The settings.'), ...problems(401, 404, 503, 504) },
});
