import { and, desc, eq, inArray, lt, lte, notInArray, sql } from 'drizzle-orm';
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
  /** Events under way to one user at most, those in `underWay` (by user) included. */
  perUser: number;
  underWay: ReadonlyMap<number, number>;
}

// Among so many of the oldest due events a claim looks for ones that may be sent.
const lookedAt = 200;

/** Takes events that are due, so that no other sender has them until the lease is over. Counts the attempt. */
export async function claimDue(db: Db, { now, leaseMs, limit, perUser, underWay }: Claim): Promise<WebhookDelivery[]> {
  const { id, user_id, next_attempt_at, status } = webhookDeliveries;
  const isDue = and(eq(status, 'pending'), lte(next_attempt_at, now));
  const full = [...underWay].filter(([, count]) => count >= perUser).map(([userId]) => userId);
  const oldest = db
    .select({ id, user_id, next_attempt_at })
    .from(webhookDeliveries)
    .where(and(isDue, full.length > 0 ? notInArray(user_id, full) : undefined))
    .orderBy(next_attempt_at)
    .limit(lookedAt)
    .as('oldest');
  const turn = sql<number>`row_number() over (partition by ${oldest.user_id} order by ${oldest.next_attempt_at})`;
  const ranked = db
    .select({ id: oldest.id, user_id: oldest.user_id, turn: turn.as('turn') })
    .from(oldest)
    .as('ranked');
  const counts = JSON.stringify(Object.fromEntries(underWay));
  const allowed = db
    .select({ id: ranked.id })
    .from(ranked)
    .where(sql`${ranked.turn} <= ${perUser}::int - coalesce((${counts}::jsonb ->> ${ranked.user_id}::text)::int, 0)`);
  const due = db
    .select({ id })
    .from(webhookDeliveries)
    .where(and(isDue, inArray(id, allowed)))
    .orderBy(next_attempt_at)
    .limit(limit)
    .for('update', { skipLocked: true });
  return db
    .update(webhookDeliveries)
    .set({ next_attempt_at: new Date(now.getTime() + leaseMs), attempts: sql`${webhookDeliveries.attempts} + 1` })
    .where(inArray(id, due))
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

interface DeliveryFilter {
  /** Left out: of every user. */
  userId?: number | undefined;
  status?: WebhookDelivery['status'] | undefined;
  before?: { at: Date; id: string } | undefined;
  limit: number;
}

/** Newest first. */
export function listDeliveries(db: Db, { userId, status, before, limit }: DeliveryFilter): Promise<WebhookDelivery[]> {
  const { id, user_id, created_at } = webhookDeliveries;
  return db
    .select()
    .from(webhookDeliveries)
    .where(
      and(
        userId === undefined ? undefined : eq(user_id, userId),
        // Written out, as only then Postgres takes the index over what is dead.
        status === 'dead' ? sql`${webhookDeliveries.status} = 'dead'` : status && eq(webhookDeliveries.status, status),
        before && sql`(${created_at}, ${id}) < (${before.at.toISOString()}::timestamptz, ${before.id}::uuid)`,
      ),
    )
    .orderBy(desc(created_at), desc(id))
    .limit(limit);
}

/** Makes an event due now, with all its attempts before it. Undefined when there is none, or not of this user. */
export async function makeDue(
  db: Db,
  { id, userId, now }: { id: string; userId?: number | undefined; now: Date },
): Promise<WebhookDelivery | undefined> {
  const [row] = await db
    .update(webhookDeliveries)
    .set({ status: 'pending', attempts: 0, next_attempt_at: now, delivered_at: null })
    .where(and(eq(webhookDeliveries.id, id), userId === undefined ? undefined : eq(webhookDeliveries.user_id, userId)))
    .returning();
  return row;
}

export async function findDelivery(db: Db, id: string): Promise<WebhookDelivery | undefined> {
  const [row] = await db.select().from(webhookDeliveries).where(eq(webhookDeliveries.id, id));
  return row;
}

/** Deletes at most `limit` events that were delivered or given up and were made before `before`. */
export async function trimSettled(db: Db, { before, limit }: { before: Date; limit: number }): Promise<void> {
  const old = db
    .select({ id: webhookDeliveries.id })
    .from(webhookDeliveries)
    .where(and(sql`${webhookDeliveries.status} <> 'pending'`, lt(webhookDeliveries.created_at, before)))
    .limit(limit);
  await db.delete(webhookDeliveries).where(inArray(webhookDeliveries.id, old));
}
