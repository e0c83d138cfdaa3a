import { connectDb } from '@vexa/shared/db/client';
import { serviceCheck } from '@vexa/shared/http/health';
import { createMetrics, watchGauge } from '@vexa/shared/http/metrics';
import { listen } from '@vexa/shared/http/server';
import { createLogger, errorFields, type Logger } from '@vexa/shared/logging';
import { connectRedis } from '@vexa/shared/redis/client';
import type { Service } from '@vexa/shared/service';
import { measureOutbox } from '@vexa/shared/webhooks/outbox-metrics';
import { startOutboxSender } from '@vexa/shared/webhooks/outbox-sender';
import { createApp } from './app.ts';
import { createBotCommands } from './bots/bot-commands.ts';
import { Turns } from './bots/turns.ts';
import type { BotManagerConfig } from './config.ts';
import { createCollectorClient } from './finish/collector-client.ts';
import { announceStatus } from './meetings/announce.ts';
import { measureLifecycle } from './metrics/lifecycle-metrics.ts';
import { createModelList } from './models/model-list.ts';
import { startLeadership } from './reconcile/leadership.ts';
import { createReconciler } from './reconcile/reconciler.ts';
import { callbackPath } from './routes/callbacks.ts';
import { createRunner } from './runners/create-runner.ts';
import type { Runner } from './runners/runner.ts';

export interface BotManagerService extends Service {
  start(): Promise<{ url: string }>;
}

interface Overrides {
  logger?: Logger;
  runner?: Runner;
  now?: () => Date;
}

/** Meetings and their bots, from the request to the finished event. */
export function createService(config: BotManagerConfig, overrides: Overrides = {}): BotManagerService {
  const logger = overrides.logger ?? createLogger('bot-manager', config.logLevel);
  const stack = new AsyncDisposableStack();
  return {
    async start() {
      const { db, sql } = stack.use(connectDb(config.databaseUrl));
      await sql`select 1`;
      const redis = connectRedis(config.redisUrl, logger);
      stack.defer(() => redis.disconnect());
      const runner = stack.use(overrides.runner ?? (await createRunner(config, logger)));
      const metrics = createMetrics('bot-manager');
      const outbox = stack.use(
        startOutboxSender({
          db,
          logger,
          allowedHosts: config.webhookAllowedHosts,
          onAttempt: measureOutbox(metrics.registry, db),
        }),
      );
      let callbackUrl = '';
      const shared = {
        db,
        logger,
        runner,
        metrics: measureLifecycle(metrics.registry, db),
        now: overrides.now ?? (() => new Date()),
        announce: announceStatus({ redis, logger, outbox }),
        commands: createBotCommands(redis),
        collector: createCollectorClient(config.collectorUrl, config.secrets.internalToken),
        limits: config.limits,
        sessionTokenSecret: config.secrets.sessionToken,
        bots: { ...config.bots, callbackUrl: () => callbackUrl },
      };
      const leadership = stack.use(
        await startLeadership(config.databaseUrl, { everyMs: config.reconcileIntervalMs, logger }),
      );
      watchGauge(metrics.registry, 'vexa_reconciler_leads', '1 in the process that leads.', () => +leadership.leads);
      const reconciler = stack.use(
        createReconciler({ deps: shared, leadership, intervalMs: config.reconcileIntervalMs }),
      );
      const app = createApp({
        ...shared,
        leadership,
        reconcile: reconciler.reconcile,
        hosts: config.hosts,
        models: createModelList(shared, config.models),
        turns: new Turns(),
        maxBots: config.bots.max,
        internalTokenSecret: config.secrets.internalToken,
        adminToken: config.secrets.adminToken,
        webhookAllowedHosts: config.webhookAllowedHosts,
        outbox,
        served: { metrics, metricsToken: config.metricsToken },
        checks: { postgres: () => sql`select 1`, redis: () => redis.ping() },
        watched: {
          'transcription-collector': serviceCheck(config.collectorUrl),
          whisperlive: serviceCheck(config.models.url),
        },
      });
      const http = stack.use(await listen(app, config.http));
      callbackUrl = new URL(callbackPath, config.bots.callbackUrl ?? http.url).href;
      if (config.bots.stopOnShutdown) stack.defer(() => stopAll(runner, logger));
      reconciler.start();
      return { url: http.url };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const shutdownGraceMs = 5_000;

async function stopAll(runner: Runner, logger: Logger): Promise<void> {
  const results = await Promise.allSettled(
    (await runner.list()).map(({ id }) => runner.stop(id, { graceMs: shutdownGraceMs })),
  );
  for (const result of results) {
    if (result.status === 'rejected') logger.error(errorFields(result.reason), 'bot not stopped at shutdown');
  }
}
