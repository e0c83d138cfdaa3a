import { writeFileSync } from 'node:fs';
import { KeyCache } from '@vexa/shared/auth/key-cache';
import { connectDb } from '@vexa/shared/db/client';
import { openApiDocument } from '@vexa/shared/http/docs';
import { localRateLimits } from '@vexa/shared/limits/rate-limits';
import { defaultTiming } from '@vexa/shared/live/event-stream';
import { createLogger } from '@vexa/shared/logging';
import { apiInfo, createPublicApp, everywhere } from './app.ts';
import { createGuard } from './auth/guard.ts';
import { createBotOperations } from './bots/bot-operations.ts';
import { LiveHub } from './live/live-hub.ts';
import { defaultFeedTiming } from './live/meeting-feed.ts';
import { TranscriptFeeds } from './live/transcript-feeds.ts';
import { createRefresher } from './meetings/refresh-meeting.ts';
import { runSync } from './sync/sync.ts';
import { LastCopies } from './transcripts/last-copies.ts';
import { createWholesalerClient } from './wholesaler/client.ts';
import { SystemKeys } from './wholesaler/system-keys.ts';

// Nothing is connected until it is asked, and describing the routes asks nothing.
const logger = createLogger('openapi', 'silent');
const wholesaler = {
  url: 'http://127.0.0.1:1',
  serviceLayerId: 'nobody',
  timeoutsMs: { start: 1, stop: 1, read: 1, delete: 1 },
  breakerResetMs: 1,
};
await using connection = connectDb('postgres://127.0.0.1:1/nothing');
await using client = createWholesalerClient({ config: wholesaler, keys: new SystemKeys(() => []), logger });
const hosts = { meetingRoomUrl: 'http://127.0.0.1:1', jitsiUrl: 'http://127.0.0.1:1' };
const registration = { state: () => 'off' as const, [Symbol.asyncDispose]: async () => {} };
const meetings = { db: connection.db, client, serviceLayerId: 'nobody', hosts, onEnded: () => {}, logger };
const starts = { ...meetings, defaultModel: undefined };
const refresh = createRefresher(meetings);
const copies = new LastCopies();
const hub = new LiveHub({ wholesaler, keys: new SystemKeys(() => []), client, logger });
const nobody = { keys: new KeyCache({ lookUp: async () => undefined }), trustedProxies: 0 };
const rateLimits = localRateLimits({ start: 0, write: 0, read: 0, address: 0 }, logger);
const app = createPublicApp({
  ...meetings,
  wholesaler,
  refresh,
  bots: createBotOperations({ ...starts, refresh }),
  guard: createGuard({ ...nobody, rateLimits }),
  rateLimits,
  trustedProxies: 0,
  copies,
  feeds: new TranscriptFeeds({ ...meetings, hub, copies, lateReaders: 'all', feedTiming: defaultFeedTiming }),
  timing: defaultTiming,
  publicUrl: undefined,
  registration,
  sync: { run: () => runSync(starts, 0), last: () => undefined, [Symbol.asyncDispose]: async () => {} },
  lateReaders: 'all',
  secrets: { adminToken: 'none', inboundWebhook: () => [] },
  webhookAllowedHosts: [],
  outbox: { nudge: () => {} },
  corsOrigins: [],
  onAuthChanged: () => {},
  checks: {},
  watched: {},
  served: { public: {}, admin: {} },
});
const file = new URL('../openapi.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(openApiDocument(app, apiInfo, everywhere), null, 2)}\n`);
