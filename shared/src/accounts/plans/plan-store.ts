import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm';
import type { Plan } from '../../contracts/plans.ts';
import type { Db } from '../../db/client.ts';
import { planModelLimits, plans } from '../../db/tables/accounts.ts';
import type { PageWindow } from '../user-store.ts';

type PlanRow = typeof plans.$inferSelect;
export type PlanChanges = Partial<Omit<typeof plans.$inferInsert, 'id' | 'created_at' | 'updated_at'>>;
export type ModelLimits = Plan['model_limits'];

/** Rejects with Postgres code 23505 when the name is taken. */
export async function insertPlan(tx: Db, plan: PlanChanges & { name: string }): Promise<number> {
  const [row] = await tx.insert(plans).values(plan).returning({ id: plans.id });
  if (!row) throw new Error('insert into plans returned nothing');
  return row.id;
}

/** False when there is no such plan. Rejects with Postgres code 23505 when the name is another plan's. */
export async function updatePlanRow(tx: Db, id: number, changes: PlanChanges): Promise<boolean> {
  const set = { ...changes, updated_at: sql`now()` };
  return (await tx.update(plans).set(set).where(eq(plans.id, id)).returning({ id: plans.id })).length > 0;
}

export async function replaceLimits(tx: Db, planId: number, limits: ModelLimits): Promise<void> {
  await tx.delete(planModelLimits).where(eq(planModelLimits.plan_id, planId));
  if (limits.length > 0)
    await tx.insert(planModelLimits).values(limits.map((limit) => ({ plan_id: planId, ...limit })));
}

export async function findPlan(db: Db, id: number): Promise<Plan | undefined> {
  const [plan] = await withLimits(db, await db.select().from(plans).where(eq(plans.id, id)));
  return plan;
}

export async function selectPlans(db: Db, { afterId, offset, limit }: PageWindow): Promise<Plan[]> {
  const rows = await db
    .select()
    .from(plans)
    .where(afterId === undefined ? undefined : gt(plans.id, afterId))
    .orderBy(asc(plans.id))
    .offset(offset)
    .limit(limit);
  return withLimits(db, rows);
}

/** False when there is no such plan. Rejects with Postgres code 23503 while somebody has it. */
export async function deletePlanRow(db: Db, id: number): Promise<boolean> {
  return (await db.delete(plans).where(eq(plans.id, id)).returning({ id: plans.id })).length > 0;
}

/** Whether the plan is there and may be given to users; it then stays as it is until the transaction ends. */
export async function lockAssignablePlan(tx: Db, id: number): Promise<'assignable' | 'inactive' | 'missing'> {
  const [row] = await tx.select({ active: plans.is_active }).from(plans).where(eq(plans.id, id)).for('share');
  if (!row) return 'missing';
  return row.active ? 'assignable' : 'inactive';
}

async function withLimits(db: Db, rows: PlanRow[]): Promise<Plan[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const limits = await db
    .select()
    .from(planModelLimits)
    .where(and(inArray(planModelLimits.plan_id, ids)))
    .orderBy(asc(planModelLimits.model_identifier));
  return rows.map((row) => ({
    ...row,
    model_limits: limits
      .filter((limit) => limit.plan_id === row.id)
      .map(({ model_identifier, max_seconds }) => ({ model_identifier, max_seconds })),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }));
}
