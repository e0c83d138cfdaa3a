import { eq, sql } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { userPlans } from '../../db/tables/accounts.ts';

export type UserPlanRow = typeof userPlans.$inferSelect;
export type NewTerm = Pick<UserPlanRow, 'plan_id' | 'period_end' | 'renews'> & { period_start?: Date };

export async function findUserPlan(db: Db, userId: number): Promise<UserPlanRow | undefined> {
  const [row] = await db.select().from(userPlans).where(eq(userPlans.user_id, userId));
  return row;
}

/** Gives the user this plan instead of whatever they had. */
export async function putUserPlan(tx: Db, userId: number, term: NewTerm): Promise<UserPlanRow> {
  const { period_start, ...rest } = term;
  const values = { ...rest, ...(period_start ? { period_start } : {}), user_id: userId };
  const set = { ...rest, period_start: period_start ?? sql`now()`, updated_at: sql`now()` };
  const [row] = await tx
    .insert(userPlans)
    .values(values)
    .onConflictDoUpdate({ target: userPlans.user_id, set })
    .returning();
  if (!row) throw new Error('insert into user_plans returned nothing');
  return row;
}

export async function updateUserPlanRow(tx: Db, userId: number, changes: Partial<NewTerm>): Promise<UserPlanRow> {
  const [row] = await tx
    .update(userPlans)
    .set({ ...changes, updated_at: sql`now()` })
    .where(eq(userPlans.user_id, userId))
    .returning();
  if (!row) throw new Error('update of a locked row of user_plans returned nothing');
  return row;
}

export async function deleteUserPlanRow(db: Db, userId: number): Promise<boolean> {
  return (await db.delete(userPlans).where(eq(userPlans.user_id, userId)).returning()).length > 0;
}
