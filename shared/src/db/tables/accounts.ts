import { sql } from 'drizzle-orm';
import { bigint, boolean, index, integer, jsonb, pgTable, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date', precision: 3 });
const id = () => integer('id').primaryKey().generatedAlwaysAsIdentity();

export const users = pgTable(
  'users',
  {
    id: id(),
    email: text('email').notNull(),
    name: text('name'),
    image_url: text('image_url'),
    max_concurrent_bots: integer('max_concurrent_bots').notNull().default(1),
    data: jsonb('data').$type<Record<string, unknown>>().notNull().default({}),
    created_at: time('created_at').notNull().defaultNow(),
  },
  (t) => [uniqueIndex('users_email_key').on(sql`lower(${t.email})`)],
);

export const apiTokens = pgTable(
  'api_tokens',
  {
    id: id(),
    user_id: integer('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    token_hash: text('token_hash').notNull().unique(),
    prefix: text('prefix').notNull(),
    scopes: text('scopes').array().notNull(),
    name: text('name'),
    last_used_at: time('last_used_at'),
    expires_at: time('expires_at'),
    revoked_at: time('revoked_at'),
    created_at: time('created_at').notNull().defaultNow(),
  },
  (t) => [index('api_tokens_by_user').on(t.user_id, t.id)],
);

/** What can be bought: bots at once (null: the user's own number), and models with their seconds. */
export const plans = pgTable('plans', {
  id: id(),
  name: text('name').notNull().unique(),
  description: text('description'),
  max_concurrent_bots: integer('max_concurrent_bots'),
  /** No longer sold when false; who has it keeps it. */
  is_active: boolean('is_active').notNull().default(true),
  created_at: time('created_at').notNull().defaultNow(),
  updated_at: time('updated_at').notNull().defaultNow(),
});

/** The models of a plan; `*` stands for every model that has no row. A plan without rows limits no model. */
export const planModelLimits = pgTable(
  'plan_model_limits',
  {
    id: id(),
    plan_id: integer('plan_id')
      .notNull()
      .references(() => plans.id, { onDelete: 'cascade' }),
    model_identifier: text('model_identifier').notNull(),
    /** Seconds of transcribed speech in a period; null: as many as wanted. */
    max_seconds: bigint('max_seconds', { mode: 'number' }),
  },
  (t) => [uniqueIndex('plan_model_limits_key').on(t.plan_id, t.model_identifier)],
);

export const userPlans = pgTable(
  'user_plans',
  {
    user_id: integer('user_id')
      .primaryKey()
      .references(() => users.id, { onDelete: 'cascade' }),
    plan_id: integer('plan_id')
      .notNull()
      .references(() => plans.id),
    period_start: time('period_start').notNull().defaultNow(),
    /** From then on the plan allows nothing; null: it does not end. */
    period_end: time('period_end'),
    /** `month`: used seconds count anew each month, from the day of `period_start`; null: over the whole period. */
    renews: text('renews').$type<'month'>(),
    created_at: time('created_at').notNull().defaultNow(),
    updated_at: time('updated_at').notNull().defaultNow(),
  },
  (t) => [index('user_plans_by_plan').on(t.plan_id)],
);

export const referralData = pgTable(
  'referral_data',
  {
    id: id(),
    user_id: integer('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    data: jsonb('data').$type<Record<string, string>>().notNull(),
    created_at: time('created_at').notNull().defaultNow(),
  },
  (t) => [index('referral_data_by_user').on(t.user_id, t.id)],
);

/** Answers to requests that may be repeated. Each service writes the rows of the requests it answers. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    id: id(),
    /** Who asked; 0 is the operator. */
    user_id: integer('user_id').notNull(),
    key: text('key').notNull(),
    request_hash: text('request_hash').notNull(),
    response_status: integer('response_status'),
    response_body: jsonb('response_body'),
    created_at: time('created_at').notNull().defaultNow(),
  },
  (t) => [uniqueIndex('idempotency_keys_key').on(t.user_id, t.key), index('idempotency_keys_age').on(t.created_at)],
);
