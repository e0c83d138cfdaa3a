import type { OpenAPIHono } from '@hono/zod-openapi';
import { mountAccountAdmin } from '@vexa/shared/accounts/admin-routes';
import type { IdentityVariables } from '@vexa/shared/auth/identity-token';
import { whoAmIRoute } from '@vexa/shared/contracts/routes/auth';
import { type BaseVariables, createApp as createBaseApp } from '@vexa/shared/http/app';
import { mountDocs } from '@vexa/shared/http/docs';
import { type Checks, mountHealth } from '@vexa/shared/http/health';
import { mountWebhookAdmin, mountWebhookRoutes } from '@vexa/shared/webhooks/routes';
import { cors } from 'hono/cors';
import { requireKey } from './auth/require-key.ts';
import type { StartBotDeps } from './bots/start-bot.ts';
import type { Refresh } from './meetings/refresh-meeting.ts';
import { mountBots } from './routes/bots.ts';
import { mountInboundWebhooks } from './routes/inbound-webhooks.ts';
import { mountMeetings } from './routes/meetings.ts';
import { mountWholesalerAdmin, type WholesalerAdminDeps } from './routes/wholesaler-admin.ts';
import type { LastCopies } from './transcripts/last-copies.ts';
import type { LateReaders } from './transcripts/visible-segments.ts';

export type AppDeps = StartBotDeps &
  WholesalerAdminDeps & {
    refresh: Refresh;
    copies: LastCopies;
    lateReaders: LateReaders;
    secrets: { adminToken: string; inboundWebhook: () => readonly string[] };
    webhookAllowedHosts: readonly string[];
    outbox: { nudge(): void };
    /** Whose pages may call from a browser. */
    corsOrigins: string[];
    onAuthChanged: (userId: number) => void | Promise<void>;
    checks: Checks;
  };

export const apiInfo = {
  title: 'Vexa',
  version: '1.0.0',
  description: `Sends bots to meetings and tells what was said there.

Send your key in \`X-API-Key\` (or \`Authorization: Bearer\`). Errors are \`application/problem+json\`. What is said can be
followed live on the WebSocket \`/ws\`: send \`{"action":"subscribe","meetings":[{"platform":"local","native_id":"…"}]}\`.
Several users of one meeting share its bot; it leaves when the last of them stops it.`,
};

/** What users reach, with the operator's routes beside it. */
export function createPublicApp(deps: AppDeps): OpenAPIHono<{ Variables: IdentityVariables }> {
  const app = createBaseApp<IdentityVariables>(deps.logger);
  if (deps.corsOrigins.length > 0) {
    const origin = deps.corsOrigins.includes('*') ? '*' : deps.corsOrigins;
    app.use(cors({ origin, exposeHeaders: ['x-request-id', 'x-next-cursor', 'retry-after'], maxAge: 600 }));
  }
  mountHealth(app, deps.checks);
  app.get('/', (c) => c.json({ message: 'Welcome to the Vexa API Gateway' }));
  app.openapi({ ...whoAmIRoute, middleware: requireKey(deps.db) }, (c) => c.json(c.var.identity, 200));
  mountBots(app, deps);
  mountMeetings(app, deps);
  app.use('/user/webhook/*', requireKey(deps.db));
  mountWebhookRoutes(app, {
    db: deps.db,
    allowedHosts: deps.webhookAllowedHosts,
    userId: (c) => c.var.identity.user_id,
    outbox: deps.outbox,
  });
  mountInboundWebhooks(app, { db: deps.db, secrets: deps.secrets.inboundWebhook, onEnded: deps.onEnded });
  mountAdmin(app, deps);
  mountDocs(app, apiInfo);
  return app;
}

/** The operator's listener, for networks that keep it apart. */
export function createAdminApp(deps: AppDeps): OpenAPIHono<{ Variables: BaseVariables }> {
  const app = createBaseApp(deps.logger);
  mountHealth(app, deps.checks);
  mountAdmin(app, deps);
  return app;
}

function mountAdmin<V extends BaseVariables>(app: OpenAPIHono<{ Variables: V }>, deps: AppDeps): void {
  const { db, onAuthChanged } = deps;
  mountAccountAdmin(app, {
    db,
    adminToken: deps.secrets.adminToken,
    onAuthChanged,
    // Bots that nobody attends any more are found by the next sync, and leave.
    hasLiveMeetings: async () => false,
  });
  mountWholesalerAdmin(app, deps);
  mountWebhookAdmin(app, deps);
}
