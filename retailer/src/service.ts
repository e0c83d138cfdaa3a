import type { MeetingStatus } from '@vexa/shared/contracts/meeting';
import { connectDb } from '@vexa/shared/db/client';
import { listen } from '@vexa/shared/http/server';
import { attachLiveServer, type LiveServer } from '@vexa/shared/live/live-server';
import { createLogger, type Logger } from '@vexa/shared/logging';
import type { Service } from '@vexa/shared/service';
import { startOutboxSender } from '@vexa/shared/webhooks/outbox-sender';
import { createAdminApp, createPublicApp } from './app.ts';
import type { RetailerConfig } from './config.ts';
import { startFinisher } from './finish/finisher.ts';
import { LiveHub } from './live/live-hub.ts';
import { openLiveAccess } from './live/open-live-access.ts';
import { createRefresher } from './meetings/refresh-meeting.ts';
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
      let live: LiveServer | undefined;
      const outbox = stack.use(startOutboxSender({ db, logger, allowedHosts: webhookAllowedHosts }));
      const onCached = (meetingId: number, status: MeetingStatus) => {
        copies.forget(meetingId);
        hub.finish(meetingId, status);
      };
      const finisher = stack.use(startFinisher({ db, client, logger, onCached }));
      const onEnded = (meetingId: number) => {
        hub.end(meetingId);
        finisher.nudge();
      };
      const { hosts } = config;
      const meetings = { db, client, serviceLayerId: wholesaler.serviceLayerId, hosts, onEnded, logger };
      const sync = stack.use(
        scheduleSync({
          sync: () => runSync(meetings, config.startGraceMs),
          logger,
          intervalMs: config.syncIntervalMs,
        }),
      );
      const registration = stack.use(registerWebhook({ client, logger, secrets: inboundSecrets }, config.publicUrl));
      const deps = {
        ...meetings,
        wholesaler,
        refresh: createRefresher(meetings),
        copies,
        registration,
        sync,
        secrets: { adminToken: secrets.adminToken, inboundWebhook: () => inboundSecrets.values },
        webhookAllowedHosts,
        lateReaders: config.lateReaders,
        outbox,
        corsOrigins: config.corsOrigins,
        onAuthChanged: (userId: number) => live?.recheck(userId),
        // Without the wholesaler this service still serves every finished meeting, so it is ready without it.
        checks: { postgres: () => sql`select 1` },
      };
      const { port, adminPort, host } = config.http;
      const admin = stack.use(await listen(createAdminApp(deps), { port: adminPort, host }));
      const http = stack.use(await listen(createPublicApp(deps), { port, host }));
      live = stack.use(
        attachLiveServer(http.server, {
          logger,
          open: (key: string) => openLiveAccess({ db, hub, lateReaders: config.lateReaders }, key),
        }),
      );
      return { url: http.url, adminUrl: admin.url };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
