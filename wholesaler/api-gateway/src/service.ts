import { randomUUID } from 'node:crypto';
import { signIdentity } from '@vexa/shared/auth/identity-token';
import { KeyCache } from '@vexa/shared/auth/key-cache';
import { createMetrics } from '@vexa/shared/http/metrics';
import { listen } from '@vexa/shared/http/server';
import { addressOf } from '@vexa/shared/limits/address-of';
import { connectRateLimits } from '@vexa/shared/limits/rate-limits';
import { attachLiveServer, watchLiveSockets } from '@vexa/shared/live/live-server';
import { createLogger, type Logger } from '@vexa/shared/logging';
import { SharedSubscriber } from '@vexa/shared/redis/shared-subscriber';
import type { Service } from '@vexa/shared/service';
import { createApp } from './app.ts';
import { askAdminApi } from './auth/ask-admin-api.ts';
import { followAuthChanges } from './auth/follow-auth-changes.ts';
import type { GatewayConfig } from './config.ts';
import { MeetingFanout } from './live/meeting-fanout.ts';
import { openLiveAccess } from './live/open-live-access.ts';
import { connectUpstream } from './upstream/upstream.ts';

export interface GatewayService extends Service {
  start(): Promise<{ url: string }>;
}

// Each holds a connection to the collector for as long as it follows.
const maxFollowers = 5_000;
// The collector gives a sign of life every 15 s, whatever time other answers are given.
const longestSilenceMs = 45_000;

/** The public edge of the wholesaler: keys, scopes, routing to the services, live sockets, API docs. */
export function createService(config: GatewayConfig, overrides: { logger?: Logger } = {}): GatewayService {
  const logger = overrides.logger ?? createLogger('api-gateway', config.logLevel);
  const stack = new AsyncDisposableStack();
  const { upstreamTimeoutMs } = config;
  const connect = (name: string, url: string) => stack.use(connectUpstream(name, url, upstreamTimeoutMs));
  return {
    async start() {
      const upstreams = {
        adminApi: connect('admin-api', config.upstreams.adminApi),
        botManager: connect('bot-manager', config.upstreams.botManager),
        collector: connect('transcription-collector', config.upstreams.collector),
        collectorLive: stack.use(
          connectUpstream(
            'transcription-collector',
            config.upstreams.collector,
            Math.max(upstreamTimeoutMs, longestSilenceMs),
            { maxConnections: maxFollowers },
          ),
        ),
      };
      const subscriber = stack.use(new SharedSubscriber(config.redisUrl, logger));
      const { internalToken } = config.secrets;
      const keys = new KeyCache({
        async lookUp(key) {
          const identity = await askAdminApi({ adminApi: upstreams.adminApi, internalToken }, key);
          return identity && { identity, identityToken: await signIdentity(internalToken, identity) };
        },
      });
      const rateLimits = stack.use(connectRateLimits(config.redisUrl, config.rateLimits, logger));
      const { trustedProxies } = config;
      const checks = {
        redis: () => subscriber.check(),
        'admin-api': () => upstreams.adminApi.check(),
        'bot-manager': () => upstreams.botManager.check(),
        'transcription-collector': () => upstreams.collector.check(),
      };
      const metrics = createMetrics('api-gateway');
      const app = createApp({
        keys,
        upstreams,
        rateLimits,
        trustedProxies,
        corsOrigins: config.corsOrigins,
        checks,
        logger,
        metrics,
        // This address is public: without a token of the operator's, nobody knows the one to send.
        metricsToken: config.metricsToken ?? randomUUID(),
      });
      const http = stack.use(await listen(app, config.http));
      const fanout = new MeetingFanout(subscriber, logger);
      const access = { keys, rateLimits, botManager: upstreams.botManager, fanout };
      const live = stack.use(
        attachLiveServer(http.server, {
          logger,
          open: (key, request) => openLiveAccess(access, key, () => addressOf(request, trustedProxies)),
        }),
      );
      watchLiveSockets(metrics, live);
      stack.use(followAuthChanges({ subscriber, keys, live, logger }));
      return { url: http.url };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
