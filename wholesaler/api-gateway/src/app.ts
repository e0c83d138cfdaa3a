import type { OpenAPIHono } from '@hono/zod-openapi';
import { createApp as createBaseApp } from '@vexa/shared/http/app';
import { allowOrigins } from '@vexa/shared/http/cors';
import { mountDocs } from '@vexa/shared/http/docs';
import { type Checks, mountHealth } from '@vexa/shared/http/health';
import type { Metrics } from '@vexa/shared/http/metrics';
import type { RateLimits } from '@vexa/shared/limits/rate-limits';
import type { Logger } from '@vexa/shared/logging';
import type { GatewayKeys } from './auth/gateway-keys.ts';
import { mountFirstRoutes } from './routes/first-routes.ts';
import { mountOwn } from './routes/own.ts';
import { mountProxied } from './routes/proxied.ts';
import type { UpstreamName } from './routes/proxied-routes.ts';
import { type GatewayVariables, requireKey } from './routes/require-key.ts';
import type { Upstream } from './upstream/upstream.ts';

interface Deps {
  keys: GatewayKeys;
  upstreams: Record<UpstreamName, Upstream>;
  rateLimits: RateLimits;
  trustedProxies: number;
  corsOrigins: string[];
  checks: Checks;
  logger: Logger;
  metrics: Metrics;
  metricsToken: string;
}

export const apiInfo = {
  title: 'Vexa',
  version: '1.0.0',
  description: `Sends bots to meetings and tells what was said there.

Send your key in \`X-API-Key\` (or \`Authorization: Bearer\`). Errors are \`application/problem+json\`. What is said can be
followed live on the WebSocket \`/ws\`: send \`{"action":"subscribe","meetings":[{"platform":"local","native_id":"…"}]}\`.`,
};

export function createApp(deps: Deps): OpenAPIHono<{ Variables: GatewayVariables }> {
  const { upstreams, rateLimits, trustedProxies, corsOrigins, checks, logger, metrics, metricsToken } = deps;
  const app = createBaseApp<GatewayVariables>(logger, { metrics, metricsToken });
  allowOrigins(app, corsOrigins);
  mountHealth(app, checks);
  const keyed = requireKey(deps);
  mountOwn(app, keyed);
  mountProxied(app, { upstreams, requireKey: keyed, rateLimits, trustedProxies });
  mountFirstRoutes(app, { upstreams, requireKey: keyed, rateLimits });
  mountDocs(app, apiInfo);
  return app;
}
