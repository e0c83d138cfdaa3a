import { and, eq, inArray, lte, sql } from 'drizzle-orm';
import type { WebhookEnvelope } from '../contracts/webhook-events.ts';
import type { Db } from '../db/client.ts';
import { webhookDeliveries } from '../db/tables/webhooks.ts';

export type WebhookDelivery = typeof webhookDeliveries.$inferSelect;

export async function insertDelivery(db: Db, userId: number, body: WebhookEnvelope): Promise<void> {
  await db.insert(webhookDeliveries).values({ id: body.event_id, user_id: userId, event_type: body.type, body });
}

interface Claim {
  now: Date;
  /** When a claimed event is due again if its sender dies. */
  leaseMs: number;
  limit: number;
}

/** Takes events that are due, so that no other sender has them until the lease is over. Counts the attempt. */
export async function claimDue(db: Db, { now, leaseMs, limit }: Claim): Promise<WebhookDelivery[]> {
  const due = db
    .select({ id: webhookDeliveries.id })
    .from(webhookDeliveries)
    .where(and(eq(webhookDeliveries.status, 'pending'), lte(webhookDeliveries.next_attempt_at, now)))
    .orderBy(webhookDeliveries.next_attempt_at)
    .limit(limit)
    .for('update', { skipLocked: true });
  return db
    .update(webhookDeliveries)
    .set({ next_attempt_at: new Date(now.getTime() + leaseMs), attempts: sql`${webhookDeliveries.attempts} + 1` })
    .where(inArray(webhookDeliveries.id, due))
    .returning();
}

export async function markDelivered(db: Db, id: string, { now, status }: { now: Date; status: number }): Promise<void> {
  await db
    .update(webhookDeliveries)
    .set({ status: 'delivered', delivered_at: now, last_status: status, last_error: null })
    .where(eq(webhookDeliveries.id, id));
}

interface Failure {
  /** Which attempt failed: a sender that lost its lease must not overrule the one that took over. */
  attempts: number;
  status: number | undefined;
  error: string;
  /** Undefined: the event is dead. */
  nextAttemptAt: Date | undefined;
}

export async function markFailed(
  db: Db,
  id: string,
  { attempts, status, error, nextAttemptAt }: Failure,
): Promise<void> {
  await db
    .update(webhookDeliveries)
    .set({
      last_status: status ?? null,
      last_error: error.slice(0, 500),
      ...(nextAttemptAt ? { next_attempt_at: nextAttemptAt } : { status: 'dead' as const }),
    })
    .where(
      and(
        eq(webhookDeliveries.id, id),
        eq(webhookDeliveries.status, 'pending'),
        eq(webhookDeliveries.attempts, attempts),
      ),
    );
}
