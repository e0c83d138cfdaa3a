import type { AssignPlanRequest, UpdateUserPlanRequest, UserPlan } from '../../contracts/plans.ts';
import type { Db } from '../../db/client.ts';
import { fieldError, notFound } from '../../errors.ts';
import { lockAssignablePlan } from './plan-store.ts';
import { lockUser } from './plan-terms.ts';
import {
  deleteUserPlanRow,
  findUserPlan,
  putUserPlan,
  type UserPlanRow,
  updateUserPlanRow,
} from './user-plan-store.ts';
import { requirePlan } from './write-plan.ts';

/** Gives a user a plan, instead of the one they had. Throws `not_found`, or `validation_error` naming the bad field. */
export function assignPlan(
  db: Db,
  userId: number,
  input: AssignPlanRequest,
): Promise<{ userPlan: UserPlan; isFirst: boolean }> {
  return db.transaction(async (tx) => {
    if (!(await lockUser(tx, userId))) throw notFound('User');
    const before = await findUserPlan(tx, userId);
    await requireAssignable(tx, input.plan_id);
    const end = input.period_end ? new Date(input.period_end) : null;
    requireOrder(input.period_start ? new Date(input.period_start) : new Date(), end);
    const row = await putUserPlan(tx, userId, {
      plan_id: input.plan_id,
      ...(input.period_start ? { period_start: new Date(input.period_start) } : {}),
      period_end: end,
      renews: input.renews ?? null,
    });
    return { userPlan: await toUserPlan(tx, row), isFirst: before === undefined };
  });
}

/** Throws `not_found` when there is no such user or they have no plan. */
export async function getUserPlan(db: Db, userId: number): Promise<UserPlan> {
  const row = await findUserPlan(db, userId);
  if (!row) throw notFound('Plan of this user');
  return toUserPlan(db, row);
}

/** Changes the given fields. Throws as `assignPlan`, and `not_found` when the user has no plan. */
export function updateUserPlan(db: Db, userId: number, input: UpdateUserPlanRequest): Promise<UserPlan> {
  return db.transaction(async (tx) => {
    if (!(await lockUser(tx, userId))) throw notFound('User');
    const before = await findUserPlan(tx, userId);
    if (!before) throw notFound('Plan of this user');
    if (input.plan_id !== undefined && input.plan_id !== before.plan_id) await requireAssignable(tx, input.plan_id);
    const start = input.period_start === undefined ? before.period_start : new Date(input.period_start);
    const end = input.period_end === undefined ? before.period_end : dateOf(input.period_end);
    requireOrder(start, end);
    const row = await updateUserPlanRow(tx, userId, {
      plan_id: input.plan_id ?? before.plan_id,
      period_start: start,
      period_end: end,
      renews: input.renews === undefined ? before.renews : input.renews,
    });
    return toUserPlan(tx, row);
  });
}

/** The user then has no plan, and no limits but their own number of bots. Throws `not_found`. */
export async function removeUserPlan(db: Db, userId: number): Promise<void> {
  if (!(await deleteUserPlanRow(db, userId))) throw notFound('Plan of this user');
}

async function requireAssignable(tx: Db, planId: number): Promise<void> {
  const state = await lockAssignablePlan(tx, planId);
  if (state === 'missing') throw fieldError(['body', 'plan_id'], 'is not the id of a plan');
  if (state === 'inactive') throw fieldError(['body', 'plan_id'], 'is a plan that nobody new can have');
}

function requireOrder(start: Date, end: Date | null): void {
  if (end !== null && end <= start) throw fieldError(['body', 'period_end'], 'must be later than period_start');
}

const dateOf = (time: string | null): Date | null => (time === null ? null : new Date(time));

async function toUserPlan(db: Db, row: UserPlanRow): Promise<UserPlan> {
  return {
    ...row,
    plan: await requirePlan(db, row.plan_id),
    period_start: row.period_start.toISOString(),
    period_end: row.period_end?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
