import { z } from '@hono/zod-openapi';
import { Id } from './ids.ts';

const Time = z.iso.datetime().openapi({ example: '2026-08-01T00:00:00.000Z' });
const ModelName = z.string().min(1).max(64).openapi({ example: 'small' });

/** In which used seconds are counted; `end` is null when it is open. */
export const UsagePeriod = z.object({ start: Time, end: Time.nullable() }).openapi('UsagePeriod');
export type UsagePeriod = z.infer<typeof UsagePeriod>;

/** Seconds of transcribed speech; a null limit is none. */
const figures = {
  used_seconds: z.number(),
  limit_seconds: z.number().nullable(),
  remaining_seconds: z.number().nullable(),
};
export const ModelUsage = z.object({ model_identifier: z.string(), ...figures }).openapi('ModelUsage');
export type ModelUsage = z.infer<typeof ModelUsage>;

const ConcurrentBots = z.object({ used: z.int(), limit: z.int() }).openapi('ConcurrentBots');

export const UsageQuoteQuery = z.object({ model_identifier: ModelName.optional() });

export const UsageQuote = z
  .object({
    user_id: z.int(),
    plan: z.object({ id: z.int(), name: z.string() }).nullable(),
    period: UsagePeriod,
    models: z.array(ModelUsage).openapi({
      description:
        'Of each model the plan names or you used: seconds of transcribed speech, running meetings included.',
    }),
    concurrent_bots: ConcurrentBots,
    meeting_seconds: z.number().openapi({ description: 'Time your bots spent in meetings; it is not limited.' }),
  })
  .openapi('UsageQuote');
export type UsageQuote = z.infer<typeof UsageQuote>;

export const CheckLimitsQuery = z.object({ user_id: Id, model_identifier: ModelName });

export const LimitCheck = z
  .object({
    allowed: z.boolean(),
    /** Why not; null when allowed. */
    code: z.enum(['plan_limit', 'concurrent_bot_limit']).nullable(),
    detail: z.string().nullable(),
    user_id: z.int(),
    model_identifier: z.string(),
    plan: z.string().nullable(),
    period: UsagePeriod,
    ...figures,
    concurrent_bots: ConcurrentBots,
  })
  .openapi('LimitCheck');
export type LimitCheck = z.infer<typeof LimitCheck>;
