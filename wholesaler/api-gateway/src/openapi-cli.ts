import { writeFileSync } from 'node:fs';
import { KeyCache } from '@vexa/shared/auth/key-cache';
import { openApiDocument } from '@vexa/shared/http/docs';
import { createMetrics } from '@vexa/shared/http/metrics';
import { createLogger } from '@vexa/shared/logging';
import { apiInfo, createApp } from './app.ts';
import type { SignedIdentity } from './auth/gateway-keys.ts';
import { connectUpstream } from './upstream/upstream.ts';

// Nothing is connected until it is asked, and describing the routes asks nothing.
const nowhere = connectUpstream('nowhere', 'http://127.0.0.1:1', 1_000);
const app = createApp({
  keys: new KeyCache<SignedIdentity>({ lookUp: async () => undefined }),
  upstreams: { adminApi: nowhere, botManager: nowhere, collector: nowhere, collectorLive: nowhere },
  rateLimits: { count: async () => undefined, refusal: () => undefined, [Symbol.asyncDispose]: async () => {} },
  trustedProxies: 0,
  corsOrigins: [],
  checks: {},
  logger: createLogger('openapi', 'silent'),
  metrics: createMetrics('openapi'),
  metricsToken: 'nobody reads them',
});
const file = new URL('../openapi.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(openApiDocument(app, apiInfo), null, 2)}\n`);
