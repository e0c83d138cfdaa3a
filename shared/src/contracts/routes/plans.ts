import { createRoute } from '@hono/zod-openapi';
import { AccountListQuery, UserPath } from '../accounts.ts';
import {
  AssignPlanRequest,
  CreatePlanRequest,
  Plan,
  PlanPath,
  UpdatePlanRequest,
  UpdateUserPlanRequest,
  UserPlan,
} from '../plans.ts';
import { IdempotencyHeader } from './idempotency.ts';
import { adminSecurity, json, jsonBody, page } from './parts.ts';
import { problems } from './problems.ts';

const plans = { tags: ['Admin: plans'], security: adminSecurity };

export const createPlanRoute = createRoute({
  ...plans,
  method: 'post',
  path: '/admin/plans',
  operationId: 'createPlan',
  summary: 'Make a plan',
  request: {
    headers: IdempotencyHeader,
    body: jsonBody(CreatePlanRequest, {
      name: 'Team',
      max_concurrent_bots: 5,
      model_limits: [{ model_identifier: 'small', max_seconds: 360_000 }],
    }),
  },
  responses: { 201: json(Plan, 'The new plan.'), ...problems(400, 401, 409, 413, 422, 503, 504) },
});

export const listPlansRoute = createRoute({
  ...plans,
  method: 'get',
  path: '/admin/plans',
  operationId: 'listPlans',
  summary: 'Plans by id',
  request: { query: AccountListQuery },
  responses: { 200: page(Plan), ...problems(401, 422, 503, 504) },
});

export const getPlanRoute = createRoute({
  ...plans,
  method: 'get',
  path: '/admin/plans/{plan_id}',
  operationId: 'getPlan',
  summary: 'A plan with its models',
  request: { params: PlanPath },
  responses: { 200: json(Plan, 'The plan.'), ...problems(401, 404, 422, 503, 504) },
});

export const updatePlanRoute = createRoute({
  ...plans,
  method: 'put',
  path: '/admin/plans/{plan_id}',
  operationId: 'updatePlan',
  summary: 'Change the given fields of a plan; it holds at once for everybody who has it',
  request: { params: PlanPath, body: jsonBody(UpdatePlanRequest, { max_concurrent_bots: 10 }) },
  responses: { 200: json(Plan, 'The changed plan.'), ...problems(400, 401, 404, 409, 413, 422, 503, 504) },
});

export const deletePlanRoute = createRoute({
  ...plans,
  method: 'delete',
  path: '/admin/plans/{plan_id}',
  operationId: 'deletePlan',
  summary: 'Delete a plan that nobody has',
  request: { params: PlanPath },
  responses: { 204: { description: 'Gone.' }, ...problems(401, 404, 409, 422, 503, 504) },
});

const userPlan = { ...plans, path: '/admin/users/{user_id}/plan' };

export const assignPlanRoute = createRoute({
  ...userPlan,
  method: 'post',
  operationId: 'assignPlan',
  summary: 'Give a user a plan, instead of the one they had',
  request: {
    params: UserPath,
    headers: IdempotencyHeader,
    body: jsonBody(AssignPlanRequest, { plan_id: 1, renews: 'month' }),
  },
  responses: {
    200: json(UserPlan, 'It took the place of another.'),
    201: json(UserPlan, "The user's first plan."),
    ...problems(400, 401, 404, 409, 413, 422, 503, 504),
  },
});

export const getUserPlanRoute = createRoute({
  ...userPlan,
  method: 'get',
  operationId: 'getUserPlan',
  summary: "A user's plan and its period",
  request: { params: UserPath },
  responses: { 200: json(UserPlan, 'What they have.'), ...problems(401, 404, 422, 503, 504) },
});

export const updateUserPlanRoute = createRoute({
  ...userPlan,
  method: 'put',
  operationId: 'updateUserPlan',
  summary: "Change the given fields of a user's plan",
  request: { params: UserPath, body: jsonBody(UpdateUserPlanRequest, { period_end: '2027-01-01T00:00:00Z' }) },
  responses: { 200: json(UserPlan, 'As it is now.'), ...problems(400, 401, 404, 413, 422, 503, 504) },
});

export const removeUserPlanRoute = createRoute({
  ...userPlan,
  method: 'delete',
  operationId: 'removeUserPlan',
  summary: 'Take the plan from a user; then only their own number of bots limits them',
  request: { params: UserPath },
  responses: { 204: { description: 'They have none.' }, ...problems(401, 404, 422, 503, 504) },
});
