import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { streams } from '@vexa/shared/contracts/redis-names';
import { connectDb } from '@vexa/shared/db/client';
import { serviceCheck } from '@vexa/shared/http/health';
import { createMetrics } from '@vexa/shared/http/metrics';
import { listen } from '@vexa/shared/http/server';
import { defaultTiming, type EventStreamTiming } from '@vexa/shared/live/event-stream';
import { createLogger, type Logger } from '@vexa/shared/logging';
import { connectBlockingRedis, connectRedis } from '@vexa/shared/redis/client';
import { SharedSubscriber } from '@vexa/shared/redis/shared-subscriber';
import type { Service } from '@vexa/shared/service';
import { createApp } from './app.ts';
import type { CollectorConfig } from './config.ts';
import { loadCustomFilter } from './filters/custom-filter.ts';
import { createSegmentFilter } from './filters/segment-filter.ts';
import { attachIngest } from './ingest/ingest-server.ts';
import { TranscriptFollowers } from './live/transcript-followers.ts';
import { handleSegmentMessages } from './messages/handle-segment-messages.ts';
import { handleSpeakerEvents } from './messages/handle-speaker-events.ts';
import { meetingOf } from './messages/parse-message.ts';
import { createTokenVerifier } from './messages/token-verifier.ts';
import { createCollectorMetrics, watchFollowers } from './metrics.ts';
import { createBotManagerClient } from './retention/bot-manager-client.ts';
import { startRetention } from './retention/keep-retention.ts';
import { startFlushLoop } from './segments/flush-loop.ts';
import { SessionCache } from './sessions/session-cache.ts';
import type { Entry, Outcome } from './stream/entry.ts';
import { startStreamConsumer } from './stream/stream-consumer.ts';

export interface CollectorService extends Service {
  start(): Promise<{ url: string }>;
}

export interface Overrides {
  logger?: Logger;
  timing?: EventStreamTiming;
  redis?: { commandTimeoutMs: number };
}

/** Consumes the streams, flushes to Postgres, and answers for transcripts. Any number may run at once. */
export function createService(config: CollectorConfig, overrides: Overrides = {}): CollectorService {
  const logger = overrides.logger ?? createLogger('transcription-collector', config.logLevel);
  const stack = new AsyncDisposableStack();
  return {
    async start() {
      const { db, sql } = stack.use(connectDb(config.databaseUrl));
      const redis = connectRedis(config.redisUrl, logger, overrides.redis);
      stack.defer(() => redis.disconnect());
      const { modulePath, ...rules } = config.filters;
      const custom = modulePath === undefined ? undefined : await loadCustomFilter(modulePath, logger);
      const isWorthKeeping = createSegmentFilter({ ...rules, custom });
      const tokens = createTokenVerifier(config.secrets.sessionToken);
      const internalTokenSecret = config.secrets.internalToken;
      const { thresholdMs, intervalMs } = config.flush;
      const metrics = createMetrics('transcription-collector');
      const counters = createCollectorMetrics(metrics, redis);
      const sessions = new SessionCache(db);
      const deps = { db, redis, logger, isWorthKeeping, thresholdMs, sessions, onStored: counters.stored };

      const flushLoop = stack.use(startFlushLoop({ ...deps, intervalMs }));
      const consumer = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
      const consume = (stream: string, handle: (entries: Entry[]) => Promise<Outcome[]>) => {
        const reader = connectBlockingRedis(config.redisUrl, logger);
        stack.defer(() => reader.disconnect());
        const proves = (entry: Entry) => meetingOf(tokens, entry);
        const ready = () => sql`select 1`;
        const settings = {
          redis,
          reader,
          logger,
          stream,
          consumer,
          config: config.consumer,
          onOutcomes: counters.messages,
        };
        stack.use(startStreamConsumer({ ...settings, ready, handle, meetingOf: proves }));
      };
      const segmentDeps = { ...deps, tokens, onSessionEnded: flushLoop.nudge };
      consume(streams.segments, (entries) => handleSegmentMessages(segmentDeps, entries));
      consume(streams.speakerEvents, (entries) => handleSpeakerEvents({ ...deps, tokens }, entries));

      const health = {
        checks: { postgres: async () => sql`select 1`, redis: () => redis.ping() },
        watched: { 'bot-manager': serviceCheck(config.botManagerUrl) },
      };
      const subscriber = stack.use(new SharedSubscriber(config.redisUrl, logger));
      const followers = stack.use(new TranscriptFollowers({ ...deps, subscriber }));
      watchFollowers(metrics, followers);
      const { publicUrl, metricsToken } = config;
      const live = { followers, timing: overrides.timing ?? defaultTiming };
      const app = createApp({ ...deps, ...live, ...health, internalTokenSecret, publicUrl, metrics, metricsToken });
      const http = stack.use(await listen(app, config.http));
      stack.use(attachIngest(http.server, { redis, tokens, logger }));
      const botManager = createBotManagerClient(config.botManagerUrl, internalTokenSecret);
      stack.use(startRetention({ db, botManager, logger, retention: config.retention, now: () => new Date() }));
      return { url: http.url };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
