import type { OpenAPIHono } from '@hono/zod-openapi';
import { mountAccountAdmin } from '@vexa/shared/accounts/admin-routes';
import { mountAnalytics } from '@vexa/shared/accounts/analytics-routes';
import { mountPlanAdmin } from '@vexa/shared/accounts/plan-routes';
import { mountCheckLimits, mountUsage } from '@vexa/shared/accounts/usage-routes';
import type { IdentityVariables } from '@vexa/shared/auth/identity-token';
import { whoAmIRoute } from '@vexa/shared/contracts/routes/auth';
import { problems } from '@vexa/shared/contracts/routes/problems';
import { type AppOptions, type BaseVariables, createApp as createBaseApp } from '@vexa/shared/http/app';
import { allowOrigins } from '@vexa/shared/http/cors';
import { mountDocs } from '@vexa/shared/http/docs';
import { type Checks, mountHealth } from '@vexa/shared/http/health';
import { limitAddress, limitRefused } from '@vexa/shared/limits/limit-rate';
import type { RateLimits } from '@vexa/shared/limits/rate-limits';
import type { Logger } from '@vexa/shared/logging';
import { mountWebhookAdmin, mountWebhookRoutes } from '@vexa/shared/webhooks/routes';
import { retailerAnalytics } from './accounts/analytics.ts';
import { retailerUsage } from './accounts/usage.ts';
import type { Guard } from './auth/guard.ts';
import { type BotRouteDeps, mountBots } from './routes/bots.ts';
import { mountInboundWebhooks } from './routes/inbound-webhooks.ts';
import { type MeetingRouteDeps, mountMeetings } from './routes/meetings.ts';
import { mountTranscripts, type TranscriptRouteDeps } from './routes/transcripts.ts';
import { mountWholesalerAdmin, type WholesalerAdminDeps } from './routes/wholesaler-admin.ts';

export type AppDeps = BotRouteDeps &
  MeetingRouteDeps &
  TranscriptRouteDeps &
  WholesalerAdminDeps & {
    guard: Guard;
    logger: Logger;
    rateLimits: RateLimits;
    trustedProxies: number;
    secrets: { adminToken: string; inboundWebhook: () => readonly string[] };
    webhookAllowedHosts: readonly string[];
    outbox: { nudge(): void };
    /** Whose pages may call from a browser. */
    corsOrigins: string[];
    onAuthChanged: (userId: number) => void | Promise<void>;
    checks: Checks;
    /** What this service does without for a while, and tells of all the same. */
    watched: Checks;
    served: { public: AppOptions; admin: AppOptions };
  };

export const apiInfo = {
  title: 'Vexa',
  version: '1.0.0',
  description: `Sends bots to meetings and tells what was said there.

Send your key in \`X-API-Key\` (or \`Authorization: Bearer\`). Errors are \`application/problem+json\`. What is said can be
followed live on the WebSocket \`/ws\`: send \`{"action":"subscribe","meetings":[{"platform":"local","native_id":"…"}]}\`.
Several users of one meeting share its bot; it leaves when the last of them stops it.`,
};

/** What any route with a key may answer, besides what is its own. */
export const everywhere = problems(429, 502, 503, 504);

/** What users reach, with the operator's routes beside it. */
export function createPublicApp(deps: AppDeps): OpenAPIHono<{ Variables: IdentityVariables }> {
  const { db, guard, corsOrigins, rateLimits, trustedProxies } = deps;
  const app = createBaseApp<IdentityVariables>(deps.logger, deps.served.public);
  allowOrigins(app, corsOrigins);
  mountHealth(app, deps.checks, deps.watched);
  app.get('/', (c) => c.json({ message: 'Welcome to the Vexa API Gateway' }));
  app.openapi({ ...whoAmIRoute, middleware: guard() }, (c) => c.json(c.var.identity, 200));
  mountBots(app, deps);
  mountMeetings(app, deps);
  app.use('/public/*', limitAddress(rateLimits, trustedProxies));
  mountTranscripts(app, deps);
  // Of users, all of them; the last one is under `/admin` for its old name's sake, so it goes before the operator's guard.
  for (const path of ['/user/webhook/*', '/usage/*', '/referrals', '/admin/internal/log_referral']) {
    app.use(path, guard());
  }
  mountUsage(app, { db, usage: retailerUsage, userId: (c) => c.var.identity.user_id });
  mountWebhookRoutes(app, {
    db,
    allowedHosts: deps.webhookAllowedHosts,
    userId: (c) => c.var.identity.user_id,
    outbox: deps.outbox,
  });
  mountInboundWebhooks(app, { db, secrets: deps.secrets.inboundWebhook, onEnded: deps.onEnded });
  mountAdmin(app, deps);
  mountDocs(app, apiInfo, everywhere);
  return app;
}

/** The operator's listener, for networks that keep it apart. */
export function createAdminApp(deps: AppDeps): OpenAPIHono<{ Variables: BaseVariables }> {
  const app = createBaseApp(deps.logger, deps.served.admin);
  mountHealth(app, deps.checks, deps.watched);
  mountAdmin(app, deps);
  return app;
}

function mountAdmin<V extends BaseVariables>(app: OpenAPIHono<{ Variables: V }>, deps: AppDeps): void {
  const { db, onAuthChanged, rateLimits, trustedProxies } = deps;
  app.use('/admin/*', limitRefused(rateLimits, trustedProxies));
  mountAccountAdmin(app, {
    db,
    adminToken: deps.secrets.adminToken,
    onAuthChanged,
    // Bots that nobody attends any more are found by the next sync, and leave.
    hasLiveMeetings: async () => false,
  });
  mountPlanAdmin(app, { db, onAuthChanged });
  mountCheckLimits(app, { db, usage: retailerUsage });
  mountAnalytics(app, { db, source: retailerAnalytics });
  mountWholesalerAdmin(app, deps);
  mountWebhookAdmin(app, deps);
}
