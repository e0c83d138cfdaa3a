import { sql } from 'drizzle-orm';
import { boolean, index, integer, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { WebhookEnvelope, WebhookEventType } from '../../contracts/webhook-events.ts';

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date', precision: 3 });

export interface PreviousSecret {
  secret: string;
  /** RFC 3339; from then on it signs nothing. */
  until: string;
}

/** Where a user wants their events; one per user. */
export const webhookEndpoints = pgTable('webhook_endpoints', {
  user_id: integer('user_id').primaryKey(),
  url: text('url').notNull(),
  /** Kept readable: it signs outgoing events. */
  secret: text('secret').notNull(),
  /** Secrets that were replaced and still sign beside the new one, newest first. */
  previous_secrets: jsonb('previous_secrets').$type<PreviousSecret[]>().notNull().default([]),
  events: text('events').array().$type<WebhookEventType[]>(),
  enabled: boolean('enabled').notNull().default(true),
  created_at: time('created_at').notNull().defaultNow(),
  updated_at: time('updated_at').notNull().defaultNow(),
});

/** The outbox: a row is written in the transaction that makes the event true, and sent afterwards until accepted. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    /** The `webhook-id`, the same in every attempt. */
    id: uuid('id').primaryKey(),
    user_id: integer('user_id').notNull(),
    event_type: text('event_type').$type<WebhookEventType>().notNull(),
    body: jsonb('body').$type<WebhookEnvelope>().notNull(),
    status: text('status').$type<'pending' | 'delivered' | 'dead'>().notNull().default('pending'),
    attempts: integer('attempts').notNull().default(0),
    next_attempt_at: time('next_attempt_at').notNull().defaultNow(),
    last_status: integer('last_status'),
    last_error: text('last_error'),
    delivered_at: time('delivered_at'),
    created_at: time('created_at').notNull().defaultNow(),
  },
  (t) => [
    index('webhook_deliveries_due').on(t.next_attempt_at).where(sql`${t.status} = 'pending'`),
    index('webhook_deliveries_user').on(t.user_id, t.created_at, t.id),
    index('webhook_deliveries_dead').on(t.created_at, t.id).where(sql`${t.status} = 'dead'`),
    index('webhook_deliveries_settled').on(t.created_at).where(sql`${t.status} <> 'pending'`),
  ],
);
