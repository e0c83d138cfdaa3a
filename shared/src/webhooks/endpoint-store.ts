import { eq, sql } from 'drizzle-orm';
import type { WebhookEventType } from '../contracts/webhook-events.ts';
import type { Db } from '../db/client.ts';
import { webhookEndpoints } from '../db/tables/webhooks.ts';

export type WebhookEndpoint = typeof webhookEndpoints.$inferSelect;

export async function findEndpoint(db: Db, userId: number): Promise<WebhookEndpoint | undefined> {
  const [row] = await db.select().from(webhookEndpoints).where(eq(webhookEndpoints.user_id, userId));
  return row;
}

interface EndpointValues {
  userId: number;
  url: string;
  /** Used when given, or when the user has no endpoint yet. */
  secret: { given: string } | { fallback: string };
  events: WebhookEventType[] | null;
}

/** Creates or replaces the user's endpoint and enables it again. */
export async function saveEndpoint(db: Db, { userId, url, secret, events }: EndpointValues): Promise<WebhookEndpoint> {
  const keep = 'fallback' in secret;
  const value = keep ? secret.fallback : secret.given;
  const [row] = await db
    .insert(webhookEndpoints)
    .values({ user_id: userId, url, secret: value, events })
    .onConflictDoUpdate({
      target: webhookEndpoints.user_id,
      set: { url, events, enabled: true, updated_at: sql`now()`, ...(keep ? {} : { secret: value }) },
    })
    .returning();
  if (!row) throw new Error('an upsert gave no row');
  return row;
}

/** Stops sending to an endpoint that said it is gone, unless its owner has set another one since. */
export async function disableEndpoint(db: Db, userId: number, url: string): Promise<void> {
  await db
    .update(webhookEndpoints)
    .set({ enabled: false, updated_at: sql`now()` })
    .where(sql`${webhookEndpoints.user_id} = ${userId} and ${webhookEndpoints.url} = ${url}`);
}
