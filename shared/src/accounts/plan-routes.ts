import type { OpenAPIHono } from '@hono/zod-openapi';
import {
  assignPlanRoute,
  createPlanRoute,
  deletePlanRoute,
  getPlanRoute,
  getUserPlanRoute,
  listPlansRoute,
  removeUserPlanRoute,
  updatePlanRoute,
  updateUserPlanRoute,
} from '../contracts/routes/plans.ts';
import type { BaseVariables } from '../http/app.ts';
import { answerOnce, operator } from '../idempotency/answer-once.ts';
import { type AccountAdminDeps, setNextCursor } from './admin-routes.ts';
import { listPlans } from './list-accounts.ts';
import { assignPlan, getUserPlan, removeUserPlan, updateUserPlan } from './plans/assign-plan.ts';
import { createPlan, deletePlan, requirePlan, updatePlan } from './plans/write-plan.ts';

type App<V extends BaseVariables> = OpenAPIHono<{ Variables: V }>;
type Deps = Pick<AccountAdminDeps, 'db' | 'onAuthChanged'>;

/** Mounts `/admin/plans…` and `/admin/users/{id}/plan`. Mount after `mountAccountAdmin`, which guards `/admin/*`. */
export function mountPlanAdmin<V extends BaseVariables>(app: App<V>, deps: Deps): void {
  mountPlans(app, deps);
  mountUserPlans(app, deps);
}

function mountPlans<V extends BaseVariables>(app: App<V>, { db }: Deps): void {
  app.openapi(createPlanRoute, async (c) => {
    const input = c.req.valid('json');
    const key = c.req.valid('header')['idempotency-key'];
    const once = { userId: operator, key, request: ['createPlan', input] };
    const { body } = await answerOnce(db, once, async (tx) => ({ status: 201, body: await createPlan(tx, input) }));
    return c.json(body, 201);
  });
  app.openapi(listPlansRoute, async (c) => {
    const page = await listPlans(db, c.req.valid('query'));
    setNextCursor(c, page);
    return c.json(page.items, 200);
  });
  app.openapi(getPlanRoute, async (c) => c.json(await requirePlan(db, c.req.valid('param').plan_id), 200));
  app.openapi(updatePlanRoute, async (c) =>
    c.json(await updatePlan(db, c.req.valid('param').plan_id, c.req.valid('json')), 200),
  );
  app.openapi(deletePlanRoute, async (c) => {
    await deletePlan(db, c.req.valid('param').plan_id);
    return c.body(null, 204);
  });
}

function mountUserPlans<V extends BaseVariables>(app: App<V>, { db, onAuthChanged }: Deps): void {
  app.openapi(assignPlanRoute, async (c) => {
    const { user_id: userId } = c.req.valid('param');
    const input = c.req.valid('json');
    const key = c.req.valid('header')['idempotency-key'];
    const once = { userId: operator, key, request: ['assignPlan', userId, input] };
    const { status, body } = await answerOnce(db, once, async (tx) => {
      const { userPlan, isFirst } = await assignPlan(tx, userId, input);
      return { status: isFirst ? 201 : 200, body: userPlan };
    });
    await onAuthChanged(userId);
    return status === 201 ? c.json(body, 201) : c.json(body, 200);
  });
  app.openapi(getUserPlanRoute, async (c) => c.json(await getUserPlan(db, c.req.valid('param').user_id), 200));
  app.openapi(updateUserPlanRoute, async (c) => {
    const { user_id: userId } = c.req.valid('param');
    const userPlan = await updateUserPlan(db, userId, c.req.valid('json'));
    await onAuthChanged(userId);
    return c.json(userPlan, 200);
  });
  app.openapi(removeUserPlanRoute, async (c) => {
    const { user_id: userId } = c.req.valid('param');
    await removeUserPlan(db, userId);
    await onAuthChanged(userId);
    return c.body(null, 204);
  });
}
