import type { OpenAPIHono } from '@hono/zod-openapi';
import { mountAccountAdmin } from '@vexa/shared/accounts/admin-routes';
import { mountAnalytics } from '@vexa/shared/accounts/analytics-routes';
import { mountPlanAdmin } from '@vexa/shared/accounts/plan-routes';
import { mountCheckLimits, mountUsage } from '@vexa/shared/accounts/usage-routes';
import { type IdentityVariables, requireIdentity } from '@vexa/shared/auth/identity-token';
import type { Db } from '@vexa/shared/db/client';
import { createApp as createBaseApp } from '@vexa/shared/http/app';
import { type Checks, mountHealth } from '@vexa/shared/http/health';
import type { Metrics } from '@vexa/shared/http/metrics';
import type { Logger } from '@vexa/shared/logging';
import { wholesalerAnalytics } from '@vexa/wholesaler-database/analytics';
import { userErasures } from '@vexa/wholesaler-database/schema';
import { hasLiveMeetings, wholesalerUsage } from '@vexa/wholesaler-database/usage';
import { mountInternal } from './routes/internal.ts';

interface Deps {
  db: Db;
  logger: Logger;
  metrics: Metrics;
  metricsToken: string | undefined;
  secrets: { adminToken: string; internalToken: string };
  onAuthChanged: (userId: number) => void;
  checks: Checks;
}

/** What users ask about themselves through the gateway. The last one is under `/admin` for its old name's sake. */
const userPaths = ['/usage/*', '/referrals', '/admin/internal/log_referral'];

export function createApp(deps: Deps): OpenAPIHono<{ Variables: IdentityVariables }> {
  const { db, logger, metrics, metricsToken, secrets, onAuthChanged, checks } = deps;
  const app = createBaseApp<IdentityVariables>(logger, { metrics, metricsToken });
  const usage = wholesalerUsage;
  mountHealth(app, checks);
  for (const path of userPaths) app.use(path, requireIdentity(secrets.internalToken));
  mountUsage(app, { db, usage, userId: (c) => c.var.identity.user_id });
  mountAccountAdmin(app, {
    db,
    adminToken: secrets.adminToken,
    onAuthChanged,
    hasLiveMeetings,
    onDeleted: async (tx, userId) => {
      await tx.insert(userErasures).values({ user_id: userId }).onConflictDoNothing();
    },
  });
  mountPlanAdmin(app, { db, onAuthChanged });
  mountCheckLimits(app, { db, usage });
  mountAnalytics(app, { db, source: wholesalerAnalytics });
  mountInternal(app, { db, internalToken: secrets.internalToken });
  return app;
}
