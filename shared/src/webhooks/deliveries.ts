import { randomUUID } from 'node:crypto';
import type { DeadWebhook, WebhookDelivery as DeliveryView } from '../contracts/routes/webhooks.ts';
import type { Db } from '../db/client.ts';
import { notFound, ServiceError } from '../errors.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../http/cursor.ts';
import { findDelivery, listDeliveries, makeDue, type WebhookDelivery } from './delivery-store.ts';
import { findEndpoint } from './endpoint-store.ts';
import { enqueueWebhook } from './enqueue.ts';

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

interface PageQuery {
  /** Left out: of every user. */
  userId?: number;
  status?: WebhookDelivery['status'] | undefined;
  limit: number;
  cursor?: string | undefined;
}

/** One page of the delivery log, newest first. Throws `validation_error` for a cursor that is not ours. */
export async function deliveryPage<V>(
  db: Db,
  { cursor, limit, ...filter }: PageQuery,
  view: (row: WebhookDelivery) => V,
): Promise<{ deliveries: V[]; next_cursor: string | null }> {
  const before = cursor === undefined ? undefined : decodeTimeCursor(cursor, uuid);
  const rows = await listDeliveries(db, { ...filter, before, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  const next_cursor = last ? encodeTimeCursor({ at: last.created_at, id: last.id }) : null;
  return { deliveries: page.map(view), next_cursor };
}

/**
 * Sends an event again under its id, with all attempts before it. Throws `not_found`, also for somebody else's, and
 * `conflict` while the endpoint is disabled.
 */
export async function replayDelivery(
  db: Db,
  { id, userId }: { id: string; userId?: number },
): Promise<WebhookDelivery> {
  const delivery = await findDelivery(db, id);
  if (!delivery || (userId !== undefined && delivery.user_id !== userId)) throw notFound('Webhook delivery');
  await requireEnabled(db, delivery.user_id);
  const due = await makeDue(db, { id, userId, now: new Date() });
  if (!due) throw notFound('Webhook delivery');
  return due;
}

/** Puts a `webhook.test` event into the outbox. Throws `not_found` without an endpoint, `conflict` while it is disabled. */
export async function sendTest(db: Db, userId: number): Promise<WebhookDelivery> {
  await requireEnabled(db, userId);
  const data = { message: 'This is a test of your webhook.', test_id: randomUUID() };
  const id = await enqueueWebhook(db, { userId, type: 'webhook.test', data });
  const delivery = id && (await findDelivery(db, id));
  if (!delivery) throw notFound('Webhook');
  return delivery;
}

async function requireEnabled(db: Db, userId: number): Promise<void> {
  const endpoint = await findEndpoint(db, userId);
  if (!endpoint) throw notFound('Webhook');
  if (!endpoint.enabled) {
    throw new ServiceError('conflict', 'The webhook is disabled, as its endpoint said that it is gone: set it again.');
  }
}

export const toDelivery = (row: WebhookDelivery): DeliveryView => ({
  id: row.id,
  event_type: row.event_type,
  status: row.status,
  attempts: row.attempts,
  last_status: row.last_status,
  last_error: row.last_error,
  created_at: row.created_at.toISOString(),
  next_attempt_at: row.status === 'pending' ? row.next_attempt_at.toISOString() : null,
  delivered_at: row.delivered_at?.toISOString() ?? null,
});

export const toDeadWebhook = (row: WebhookDelivery): DeadWebhook => ({ ...toDelivery(row), user_id: row.user_id });
