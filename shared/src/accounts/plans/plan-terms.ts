import { eq, sql } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { planModelLimits, plans, userPlans, users } from '../../db/tables/accounts.ts';

export interface ModelLimit {
  modelIdentifier: string;
  /** Null: no limit. */
  maxSeconds: number | null;
}

/** What somebody may use. */
export interface Terms {
  userId: number;
  /** The plan's number, else the user's own. */
  maxConcurrentBots: number;
  plan:
    | {
        id: number;
        name: string;
        term: { period_start: Date; period_end: Date | null; renews: 'month' | null };
        limits: ModelLimit[];
      }
    | undefined;
}

/** Undefined when there is no such user. */
export async function findTerms(db: Db, userId: number): Promise<Terms | undefined> {
  const rows = await db
    .select({ user: users, term: userPlans, plan: plans, limit: planModelLimits })
    .from(users)
    .leftJoin(userPlans, eq(userPlans.user_id, users.id))
    .leftJoin(plans, eq(plans.id, userPlans.plan_id))
    .leftJoin(planModelLimits, eq(planModelLimits.plan_id, plans.id))
    .where(eq(users.id, userId))
    .orderBy(planModelLimits.model_identifier);
  const [first] = rows;
  if (!first) return undefined;
  const { user, term, plan } = first;
  const limits = rows.flatMap(({ limit }) =>
    limit ? [{ modelIdentifier: limit.model_identifier, maxSeconds: limit.max_seconds }] : [],
  );
  return {
    userId,
    maxConcurrentBots: plan?.max_concurrent_bots ?? user.max_concurrent_bots,
    plan: term && plan ? { id: plan.id, name: plan.name, term, limits } : undefined,
  };
}

/**
 * Holds the user until the transaction ends, so that of several requests of theirs each sees what the one before it
 * made. False when there is no such user.
 */
export async function lockUser(tx: Db, userId: number): Promise<boolean> {
  const rows = await tx.execute(sql`select 1 from users where id = ${userId} for no key update`);
  return rows.length > 0;
}
