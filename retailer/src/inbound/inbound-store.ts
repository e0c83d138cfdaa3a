import type { Db } from '@vexa/shared/db/client';
import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import { inboundWebhooks } from '../db/schema.ts';

export type InboundRow = typeof inboundWebhooks.$inferSelect;

/** Undefined when the event was stored before. */
export async function insertInbound(
  db: Db,
  event: Pick<InboundRow, 'webhook_id' | 'event_type' | 'body'>,
): Promise<InboundRow | undefined> {
  const [row] = await db.insert(inboundWebhooks).values(event).onConflictDoNothing().returning();
  return row;
}

export async function selectPending(db: Db, limit: number): Promise<InboundRow[]> {
  return db
    .select()
    .from(inboundWebhooks)
    .where(isNull(inboundWebhooks.processed_at))
    .orderBy(asc(inboundWebhooks.received_at))
    .limit(limit);
}

export async function markProcessed(db: Db, webhookId: string, outcome: string): Promise<void> {
  await db
    .update(inboundWebhooks)
    .set({ processed_at: sql`now()`, outcome })
    .where(and(eq(inboundWebhooks.webhook_id, webhookId), isNull(inboundWebhooks.processed_at)));
}
