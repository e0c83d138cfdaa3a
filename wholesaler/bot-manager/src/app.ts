import type { OpenAPIHono } from '@hono/zod-openapi';
import { requireAdminKey } from '@vexa/shared/auth/admin-key';
import { type IdentityVariables, requireIdentity } from '@vexa/shared/auth/identity-token';
import { type AppOptions, createApp as createBaseApp } from '@vexa/shared/http/app';
import { type Checks, mountHealth } from '@vexa/shared/http/health';
import { mountWebhookAdmin, mountWebhookRoutes } from '@vexa/shared/webhooks/routes';
import type { RecordCallbackDeps } from './bots/record-callback.ts';
import type { Leadership } from './reconcile/leadership.ts';
import { type BotRouteDeps, mountBots } from './routes/bots.ts';
import { mountCallbacks } from './routes/callbacks.ts';
import { type MeetingRouteDeps, mountMeetings } from './routes/meetings.ts';
import { mountRetention, type RetentionRouteDeps } from './routes/retention.ts';

export type AppDeps = BotRouteDeps &
  MeetingRouteDeps &
  RecordCallbackDeps &
  RetentionRouteDeps & {
    sessionTokenSecret: string;
    adminToken: string;
    webhookAllowedHosts: readonly string[];
    served: AppOptions;
    checks: Checks;
    /** Told with the health, without which there is still something to do here. */
    watched: Checks;
    leadership: Pick<Leadership, 'leads'>;
  };

export function createApp(deps: AppDeps): OpenAPIHono<{ Variables: IdentityVariables }> {
  const app = createBaseApp<IdentityVariables>(deps.logger, deps.served);
  mountHealth(app, deps.checks, deps.watched, () => ({ leads: deps.leadership.leads }));
  // Before the routes under /bots that only the gateway may call.
  mountCallbacks(app, deps);
  mountBots(app, deps);
  mountMeetings(app, deps);
  mountRetention(app, deps);
  app.use('/user/*', requireIdentity(deps.internalTokenSecret));
  mountWebhookRoutes(app, {
    db: deps.db,
    allowedHosts: deps.webhookAllowedHosts,
    userId: (c) => c.var.identity.user_id,
    outbox: deps.outbox,
  });
  app.use('/admin/*', requireAdminKey(deps.adminToken));
  mountWebhookAdmin(app, deps);
  return app;
}
