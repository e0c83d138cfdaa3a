import type { OpenAPIHono } from '@hono/zod-openapi';
import { adminKeyHeader } from '@vexa/shared/auth/admin-key';
import { hasScope, identityHeader } from '@vexa/shared/auth/identity-token';
import { problems } from '@vexa/shared/contracts/routes/problems';
import { ServiceError } from '@vexa/shared/errors';
import { classOf, limitAddress, limitRate, limitRefused } from '@vexa/shared/limits/limit-rate';
import type { RateLimits } from '@vexa/shared/limits/rate-limits';
import { proxy } from '../upstream/proxy.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { type ProxiedRoute, proxiedRoutes, type UpstreamName } from './proxied-routes.ts';
import type { GatewayVariables, RequireKey } from './require-key.ts';

interface Deps {
  upstreams: Record<UpstreamName, Upstream>;
  requireKey: RequireKey;
  rateLimits: RateLimits;
  trustedProxies: number;
}

/** Mounts what services behind the gateway serve. Bodies are not looked into: the services validate them. */
export function mountProxied(app: OpenAPIHono<{ Variables: GatewayVariables }>, deps: Deps): void {
  const { upstreams, requireKey, rateLimits, trustedProxies } = deps;
  const byAddress = limitAddress(rateLimits, trustedProxies);
  const byRefusals = limitRefused(rateLimits, trustedProxies);
  for (const { route, upstream, access } of proxiedRoutes) {
    const path = route.getRoutingPath();
    app.openAPIRegistry.registerPath(described(route));
    if (access === 'operator') {
      app.on(route.method, path, byRefusals, (c) => {
        const key = c.req.header(adminKeyHeader);
        return proxy(c, upstreams[upstream], key ? { [adminKeyHeader]: key } : {});
      });
      continue;
    }
    if (access === 'public') {
      app.on(route.method, path, byAddress, (c) => proxy(c, upstreams[upstream], {}));
      continue;
    }
    const limit = limitRate<GatewayVariables>(
      rateLimits,
      classOf(route.method, route.path),
      (c) => c.get('authenticated').identity.user_id,
    );
    app.on(route.method, path, requireKey, limit, (c) => {
      requireScope(c.get('authenticated').identity, access);
      return proxy(c, upstreams[upstream], { [identityHeader]: c.get('authenticated').identityToken });
    });
  }
}

/** The route as callers of the gateway see it: with the answers that are the gateway's own. */
function described(route: ProxiedRoute['route']): ProxiedRoute['route'] {
  return { ...route, responses: { ...problems(429, 502, 503, 504), ...route.responses } };
}

type Identity = GatewayVariables['authenticated']['identity'];

function requireScope(identity: Identity, access: Exclude<ProxiedRoute['access'], 'operator' | 'public'>): void {
  if (access === 'key' || access.some((scope) => hasScope(identity, scope))) return;
  throw new ServiceError('forbidden', `This key lacks the scope ${access.map((s) => `"${s}"`).join(' or ')}.`);
}
