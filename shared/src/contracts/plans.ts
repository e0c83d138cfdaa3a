import { z } from '@hono/zod-openapi';
import { Id } from './ids.ts';
import { StorableText } from './text.ts';

const Time = z.iso.datetime().openapi({ example: '2026-08-01T09:00:00.000Z' });
const GivenTime = z.iso.datetime({ offset: true }).openapi({ example: '2026-08-01T00:00:00Z' });
const MaxConcurrentBots = z.int().min(0).max(10_000).nullable();

/** Stands for every model that a plan does not name. */
export const anyModel = '*';

const ModelLimitInput = z
  .object({
    model_identifier: z
      .string()
      .regex(/^(\*|[\w./:-]{1,64})$/, 'must be the name of a model such as tiny.en, or * for all that are not named')
      .openapi({ example: 'small' }),
    max_seconds: z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullish().openapi({
      description: 'Seconds of transcribed speech in a period; null or left out: as many as wanted.',
      example: 36_000,
    }),
  })
  .openapi('PlanModelLimitInput');
const ModelLimitsInput = z
  .array(ModelLimitInput)
  .max(100)
  .refine((limits) => new Set(limits.map((limit) => limit.model_identifier)).size === limits.length, {
    message: 'must name each model once',
  })
  .openapi({ description: 'The models the plan allows; `*` stands for all others. Empty: no model is limited.' });

export const CreatePlanRequest = z
  .object({
    name: StorableText(128).pipe(z.string().trim().min(1)).openapi({ type: 'string', maxLength: 128, example: 'Team' }),
    description: StorableText(1_000).nullish(),
    max_concurrent_bots: MaxConcurrentBots.optional().openapi({
      description: "Null or left out: each user's own number counts.",
    }),
    is_active: z.boolean().optional().openapi({ description: 'False: nobody new gets it.' }),
    model_limits: ModelLimitsInput.optional(),
  })
  .openapi('CreatePlanRequest');
export type CreatePlanRequest = z.infer<typeof CreatePlanRequest>;

/** What is left out stays; `model_limits` replaces all of them. */
export const UpdatePlanRequest = CreatePlanRequest.partial().openapi('UpdatePlanRequest');
export type UpdatePlanRequest = z.infer<typeof UpdatePlanRequest>;

export const Plan = z
  .object({
    id: z.int(),
    name: z.string(),
    description: z.string().nullable(),
    max_concurrent_bots: z.int().nullable(),
    is_active: z.boolean(),
    model_limits: z.array(z.object({ model_identifier: z.string(), max_seconds: z.int().nullable() })),
    created_at: Time,
    updated_at: Time,
  })
  .openapi('Plan');
export type Plan = z.infer<typeof Plan>;

export const PlanPath = z.object({ plan_id: Id.openapi({ param: { name: 'plan_id', in: 'path' }, example: 1 }) });

const Renewal = z.literal('month').nullable().openapi({
  description:
    '`month`: used seconds count anew each month, from the day of `period_start`; null: over the whole period.',
});

const periodFields = {
  period_start: GivenTime.optional(),
  period_end: GivenTime.nullish().openapi({ description: 'From then on no new bot starts; null: no end.' }),
  renews: Renewal.optional(),
};
const periodIsOrdered = (period: { period_start?: string | undefined; period_end?: string | null | undefined }) =>
  !period.period_start || !period.period_end || Date.parse(period.period_start) < Date.parse(period.period_end);
const unordered = { path: ['period_end'], message: 'must be later than period_start' };

export const AssignPlanRequest = z
  .object({ plan_id: z.int().min(1).max(2_147_483_647), ...periodFields })
  .refine(periodIsOrdered, unordered)
  .openapi('AssignPlanRequest', { description: '`period_start` left out: now.' });
export type AssignPlanRequest = z.infer<typeof AssignPlanRequest>;

export const UpdateUserPlanRequest = z
  .object({ plan_id: z.int().min(1).max(2_147_483_647).optional(), ...periodFields })
  .refine(periodIsOrdered, unordered)
  .openapi('UpdateUserPlanRequest', { description: 'What is left out stays.' });
export type UpdateUserPlanRequest = z.infer<typeof UpdateUserPlanRequest>;

export const UserPlan = z
  .object({
    user_id: z.int(),
    plan_id: z.int(),
    plan: Plan,
    period_start: Time,
    period_end: Time.nullable(),
    renews: Renewal,
    created_at: Time,
    updated_at: Time,
  })
  .openapi('UserPlan');
export type UserPlan = z.infer<typeof UserPlan>;
