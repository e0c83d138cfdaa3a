import { randomUUID } from 'node:crypto';
import { authenticateKey } from '@vexa/shared/accounts/authenticate-key';
import { KeyCache } from '@vexa/shared/auth/key-cache';
import type { MeetingStatus } from '@vexa/shared/contracts/meeting';
import { connectDb } from '@vexa/shared/db/client';
import { createMetrics } from '@vexa/shared/http/metrics';
import { listen } from '@vexa/shared/http/server';
import { localRateLimits } from '@vexa/shared/limits/rate-limits';
import { defaultTiming, type EventStreamTiming } from '@vexa/shared/live/event-stream';
import { attachLiveServer, type LiveServer, watchLiveSockets } from '@vexa/shared/live/live-server';
import { createLogger, type Logger } from '@vexa/shared/logging';
import type { Service } from '@vexa/shared/service';
import { measureOutbox } from '@vexa/shared/webhooks/outbox-metrics';
import { startOutboxSender } from '@vexa/shared/webhooks/outbox-sender';
import { createAdminApp, createPublicApp } from './app.ts';
import { createGuard } from './auth/guard.ts';
import { createBotOperations } from './bots/bot-operations.ts';
import type { RetailerConfig } from './config.ts';
import { startFinisher } from './finish/finisher.ts';
import { LiveHub } from './live/live-hub.ts';
import { defaultFeedTiming, type FeedTiming } from './live/meeting-feed.ts';
import { openLiveAccess } from './live/open-live-access.ts';
import { TranscriptFeeds } from './live/transcript-feeds.ts';
import { createRefresher } from './meetings/refresh-meeting.ts';
import { countDrift, watchedParts, watchRetailer } from './metrics.ts';
import { RotatingSecrets } from './secrets/rotating-secrets.ts';
import { runSync } from './sync/sync.ts';
import { scheduleSync } from './sync/sync-schedule.ts';
import { LastCopies } from './transcripts/last-copies.ts';
import { createWholesalerClient } from './wholesaler/client.ts';
import { SystemKeys } from './wholesaler/system-keys.ts';
import { registerWebhook } from './wholesaler/webhook-registration.ts';

export interface RetailerService extends Service {
  start(): Promise<{ url: string; adminUrl: string }>;
}

interface Overrides {
  logger?: Logger;
  /** How often files of secrets are read again. */
  secretsEveryMs?: number;
  timing?: EventStreamTiming;
  feedTiming?: FeedTiming;
}

/** The whole retailer in one process: the users' listener, the operator's, and the work between it and the wholesaler. */
export function createService(config: RetailerConfig, overrides: Overrides = {}): RetailerService {
  const logger = overrides.logger ?? createLogger('retailer', config.logLevel);
  const stack = new AsyncDisposableStack();
  return {
    async start() {
      const { wholesaler, secrets, webhookAllowedHosts } = config;
      const { db, sql } = stack.use(connectDb(config.databaseUrl));
      const systemKeys = stack.use(new RotatingSecrets(secrets.wholesalerKeys, logger, overrides.secretsEveryMs));
      const inboundSecrets = stack.use(new RotatingSecrets(secrets.inboundWebhook, logger, overrides.secretsEveryMs));
      const keys = new SystemKeys(() => systemKeys.values);
      const client = stack.use(createWholesalerClient({ config: wholesaler, keys, logger }));
      const hub = stack.use(new LiveHub({ wholesaler, keys, client, logger }));
      const copies = new LastCopies();
      const metrics = createMetrics('retailer');
      let live: LiveServer | undefined;
      const onAttempt = measureOutbox(metrics.registry, db);
      const outbox = stack.use(startOutboxSender({ db, logger, allowedHosts: webhookAllowedHosts, onAttempt }));
      const onCached = (meetingId: number, status: MeetingStatus) => {
        copies.forget(meetingId);
        hub.finish(meetingId, status);
        feeds.finish(meetingId);
        outbox.nudge();
      };
      const { lateReaders, defaultModel } = config;
      const finisher = stack.use(startFinisher({ db, client, logger, lateReaders, onCached }));
      const onEnded = (meetingId: number) => {
        hub.end(meetingId);
        finisher.nudge();
      };
      const { hosts } = config;
      const { serviceLayerId } = wholesaler;
      const meetings = { db, client, serviceLayerId, hosts, defaultModel, onEnded, logger };
      const refresh = createRefresher(meetings);
      const feedDeps = { ...meetings, hub, copies, lateReaders, feedTiming: overrides.feedTiming ?? defaultFeedTiming };
      const feeds = stack.use(new TranscriptFeeds(feedDeps));
      watchRetailer(metrics, { db, client, feeds, hub });
      const syncDeps = { ...meetings, onDrift: countDrift(metrics) };
      const sync = stack.use(
        scheduleSync({
          sync: () => runSync(syncDeps, config.startGraceMs),
          logger,
          intervalMs: config.syncIntervalMs,
        }),
      );
      const registration = stack.use(registerWebhook({ client, logger, secrets: inboundSecrets }, config.publicUrl));
      const rateLimits = stack.use(localRateLimits(config.rateLimits, logger));
      const { trustedProxies, metricsToken } = config;
      const users = new KeyCache({
        lookUp: async (key) => {
          const identity = await authenticateKey(db, key);
          return identity && { identity };
        },
      });
      const deps = {
        ...meetings,
        wholesaler,
        refresh,
        bots: createBotOperations({ ...meetings, refresh }),
        guard: createGuard({ keys: users, rateLimits, trustedProxies }),
        rateLimits,
        trustedProxies,
        copies,
        feeds,
        timing: overrides.timing ?? defaultTiming,
        publicUrl: config.publicApiUrl,
        registration,
        sync,
        secrets: { adminToken: secrets.adminToken, inboundWebhook: () => inboundSecrets.values },
        webhookAllowedHosts,
        lateReaders,
        outbox,
        corsOrigins: config.corsOrigins,
        onAuthChanged: (userId: number) => {
          users.forgetUser(userId);
          return live?.recheck(userId);
        },
        // Without the wholesaler this service still serves every finished meeting, so it is ready without it.
        checks: { postgres: () => sql`select 1` },
        watched: watchedParts({ client, hub, registration }),
        served: {
          // The users' address is public: without a token of the operator's, nobody knows the one to send.
          public: { metrics, metricsToken: metricsToken ?? randomUUID() },
          admin: { metrics, metricsToken },
        },
      };
      const { port, adminPort, host } = config.http;
      const admin = stack.use(await listen(createAdminApp(deps), { port: adminPort, host }));
      const http = stack.use(await listen(createPublicApp(deps), { port, host }));
      live = stack.use(
        attachLiveServer(http.server, {
          logger,
          open: (key: string) => openLiveAccess({ db, hub, lateReaders }, key),
        }),
      );
      watchLiveSockets(metrics, live);
      return { url: http.url, adminUrl: admin.url };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
