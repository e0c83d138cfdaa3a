import { writeFileSync } from 'node:fs';
import { connectDb } from '@vexa/shared/db/client';
import { openApiDocument } from '@vexa/shared/http/docs';
import { createLogger } from '@vexa/shared/logging';
import { apiInfo, createPublicApp } from './app.ts';
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
const meetings = { db: connection.db, client, serviceLayerId: 'nobody', hosts, onEnded: () => {}, logger };
const app = createPublicApp({
  ...meetings,
  wholesaler,
  refresh: createRefresher(meetings),
  copies: new LastCopies(),
  registration: { state: () => 'off', [Symbol.asyncDispose]: async () => {} },
  sync: { run: () => runSync(meetings, 0), last: () => undefined, [Symbol.asyncDispose]: async () => {} },
  lateReaders: 'all',
  secrets: { adminToken: 'none', inboundWebhook: () => [] },
  webhookAllowedHosts: [],
  outbox: { nudge: () => {} },
  corsOrigins: [],
  onAuthChanged: () => {},
  checks: {},
});
const file = new URL('../openapi.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(openApiDocument(app, apiInfo), null, 2)}\n`);
