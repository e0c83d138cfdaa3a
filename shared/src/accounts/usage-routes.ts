import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { LogReferralRequest } from '../contracts/referrals.ts';
import { checkLimitsRoute, logReferralOldRoute, logReferralRoute, usageQuoteRoute } from '../contracts/routes/usage.ts';
import type { Db } from '../db/client.ts';
import type { BaseVariables } from '../http/app.ts';
import { answerOnce } from '../idempotency/answer-once.ts';
import { logReferral } from './log-referral.ts';
import { checkLimits, quoteUsage } from './usage/quote.ts';
import type { UsageSource } from './usage/usage-source.ts';

type App<V extends BaseVariables> = OpenAPIHono<{ Variables: V }>;

/** Mounts `/admin/internal/check_limits`. Mount after `mountAccountAdmin`, which guards `/admin/*`. */
export function mountCheckLimits<V extends BaseVariables>(app: App<V>, deps: { db: Db; usage: UsageSource }): void {
  app.openapi(checkLimitsRoute, async (c) => {
    const { user_id: userId, model_identifier: modelIdentifier } = c.req.valid('query');
    return c.json(await checkLimits(deps, { userId, modelIdentifier }), 200);
  });
}

/** What a user asks about themselves. */
interface Deps<V extends BaseVariables> {
  db: Db;
  usage: UsageSource;
  /** Whom the request acts for; the caller has seen to the key before. */
  userId: (c: Context<{ Variables: V }>) => number;
}

/**
 * Mounts `GET /usage/quote`, `POST /referrals` and its old name under `/admin`: mount before `mountAccountAdmin`, since
 * they take the user's key.
 */
export function mountUsage<V extends BaseVariables>(app: App<V>, { db, usage, userId }: Deps<V>): void {
  app.openapi(usageQuoteRoute, async (c) => {
    const { model_identifier: modelIdentifier } = c.req.valid('query');
    return c.json(await quoteUsage({ db, usage }, { userId: userId(c), modelIdentifier }), 200);
  });
  const log = async (id: number, input: LogReferralRequest, key: string | undefined) => {
    const once = { userId: id, key, request: ['logReferral', input] };
    return answerOnce(db, once, async (tx) => ({ status: 201, body: await logReferral(tx, id, input) }));
  };
  for (const route of [logReferralRoute, logReferralOldRoute] as const) {
    app.openapi(route, async (c) => {
      const { body } = await log(userId(c), c.req.valid('json'), c.req.valid('header')['idempotency-key']);
      return c.json(body, 201);
    });
  }
}
