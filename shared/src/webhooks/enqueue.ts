import { randomUUID } from 'node:crypto';
import type { WebhookEnvelope, WebhookEventType } from '../contracts/webhook-events.ts';
import type { Db } from '../db/client.ts';
import { insertDelivery } from './delivery-store.ts';
import { findEndpoint } from './endpoint-store.ts';
import { isWanted, nameFor } from './events.ts';

const apiVersion = '2026-08-01';
const maxBodyBytes = 20_000;

export interface WebhookEvent {
  userId: number;
  type: WebhookEventType;
  data: Record<string, unknown>;
}

/**
 * Writes an event into the outbox inside the caller's transaction: it is sent if and only if that commits. Returns
 * the event's id, or undefined when the user has no endpoint that wants it. Throws for a body of over 20 kB.
 */
export async function enqueueWebhook(db: Db, event: WebhookEvent): Promise<string | undefined> {
  const { userId, data } = event;
  const endpoint = await findEndpoint(db, userId);
  if (!endpoint?.enabled || !isWanted(endpoint.events, event.type)) return undefined;
  const type = nameFor(endpoint.events, event.type);
  const id = randomUUID();
  const timestamp = new Date().toISOString();
  const body: WebhookEnvelope = {
    type,
    timestamp,
    data,
    event_id: id,
    event_type: type,
    api_version: apiVersion,
    created_at: timestamp,
  };
  const size = Buffer.byteLength(JSON.stringify(body));
  if (size > maxBodyBytes) throw new RangeError(`the webhook ${type} would have ${size} bytes, over ${maxBodyBytes}`);
  await insertDelivery(db, userId, body);
  return id;
}
