import { createRoute } from '@hono/zod-openapi';
import { LogReferralRequest, Referral } from '../referrals.ts';
import { CheckLimitsQuery, LimitCheck, UsageQuote, UsageQuoteQuery } from '../usage.ts';
import { IdempotencyHeader } from './idempotency.ts';
import { adminSecurity, json, jsonBody, keySecurity } from './parts.ts';
import { problems } from './problems.ts';

const account = { tags: ['Account'], security: keySecurity };

export const usageQuoteRoute = createRoute({
  ...account,
  method: 'get',
  path: '/usage/quote',
  operationId: 'getUsageQuote',
  summary: 'What you have used in the current period, and what is left',
  request: { query: UsageQuoteQuery },
  responses: { 200: json(UsageQuote, 'Your figures.'), ...problems(401, 404, 422, 429, 503, 504) },
});

const referral = {
  ...account,
  method: 'post',
  summary: 'Note where you came from',
  request: {
    headers: IdempotencyHeader,
    body: jsonBody(LogReferralRequest, { utm_source: 'newsletter', utm_campaign: 'autumn' }),
  },
  responses: { 201: json(Referral, 'Noted.'), ...problems(400, 401, 404, 409, 413, 422, 429, 503, 504) },
} as const;

export const logReferralRoute = createRoute({ ...referral, path: '/referrals', operationId: 'logReferral' });

/** The same under its old name; it takes the user's key, not the operator's. */
export const logReferralOldRoute = createRoute({
  ...referral,
  path: '/admin/internal/log_referral',
  operationId: 'logReferralOld',
  deprecated: true,
});

export const checkLimitsRoute = createRoute({
  tags: ['Admin: plans'],
  security: adminSecurity,
  method: 'get',
  path: '/admin/internal/check_limits',
  operationId: 'checkLimits',
  summary: 'Whether a user could start a bot now',
  request: { query: CheckLimitsQuery },
  responses: { 200: json(LimitCheck, 'Yes or no, and the figures behind it.'), ...problems(401, 404, 422, 503, 504) },
});
