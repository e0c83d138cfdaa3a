import type { OpenAPIHono } from '@hono/zod-openapi';
import { mountAccountAdmin } from '@vexa/shared/accounts/admin-routes';
import type { Db } from '@vexa/shared/db/client';
import { type BaseVariables, createApp as createBaseApp } from '@vexa/shared/http/app';
import { type Checks, mountHealth } from '@vexa/shared/http/health';
import type { Metrics } from '@vexa/shared/http/metrics';
import type { Logger } from '@vexa/shared/logging';
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

export function createApp(deps: Deps): OpenAPIHono<{ Variables: BaseVariables }> {
  const { db, logger, metrics, metricsToken, secrets, onAuthChanged, checks } = deps;
  const app = createBaseApp(logger, { metrics, metricsToken });
  mountHealth(app, checks);
  mountAccountAdmin(app, { db, adminToken: secrets.adminToken, onAuthChanged });
  mountInternal(app, { db, internalToken: secrets.internalToken });
  return app;
}
