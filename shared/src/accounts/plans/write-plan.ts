import type { CreatePlanRequest, Plan, UpdatePlanRequest } from '../../contracts/plans.ts';
import type { Db } from '../../db/client.ts';
import { isForeignKeyViolation, isUniqueViolation } from '../../db/pg-error.ts';
import { notFound, ServiceError } from '../../errors.ts';
import { deletePlanRow, findPlan, insertPlan, type ModelLimits, replaceLimits, updatePlanRow } from './plan-store.ts';

/** Throws `conflict` when a plan has the name already. */
export function createPlan(db: Db, { model_limits, ...input }: CreatePlanRequest): Promise<Plan> {
  return namedOnce(
    db.transaction(async (tx) => {
      const id = await insertPlan(tx, given({ ...input, name: input.name }));
      await replaceLimits(tx, id, limitsOf(model_limits));
      return requirePlan(tx, id);
    }),
  );
}

/** Changes the given fields; model limits are replaced as a whole. Throws `not_found`, or `conflict` (name taken). */
export function updatePlan(db: Db, id: number, { model_limits, ...input }: UpdatePlanRequest): Promise<Plan> {
  return namedOnce(
    db.transaction(async (tx) => {
      if (!(await updatePlanRow(tx, id, given(input)))) throw notFound('Plan');
      if (model_limits) await replaceLimits(tx, id, limitsOf(model_limits));
      return requirePlan(tx, id);
    }),
  );
}

/** Throws `not_found`, or `conflict` while somebody has the plan. */
export async function deletePlan(db: Db, id: number): Promise<void> {
  try {
    if (!(await deletePlanRow(db, id))) throw notFound('Plan');
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    const detail = 'Users have this plan: give them another one first, or set is_active to false.';
    throw new ServiceError('conflict', detail, { cause: error });
  }
}

export async function requirePlan(db: Db, id: number): Promise<Plan> {
  const plan = await findPlan(db, id);
  if (!plan) throw notFound('Plan');
  return plan;
}

const limitsOf = (limits: CreatePlanRequest['model_limits']): ModelLimits =>
  (limits ?? []).map(({ model_identifier, max_seconds }) => ({ model_identifier, max_seconds: max_seconds ?? null }));

/** Without the fields that were left out, which would otherwise be written as null. */
function given<T extends object>(input: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

async function namedOnce<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new ServiceError('conflict', 'Another plan has this name.', { cause: error });
  }
}
