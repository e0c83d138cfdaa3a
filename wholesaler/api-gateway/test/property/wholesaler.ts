import { configFromEnv as botManagerConfig } from '@vexa/bot-manager/config';
import { createService as createBotManager } from '@vexa/bot-manager/service';
import { freePort } from '@vexa/shared/local/free-port';
import { configFromEnv as collectorConfig } from '@vexa/transcription-collector/config';
import { createService as createCollector } from '@vexa/transcription-collector/service';
import { createFakeRunner } from '../../../bot-manager/test/fake-runner.ts';
import { logger, startEdge } from '../fixture.ts';

/** The whole wholesaler, all services real, but for the bots, which are only names. */
export async function startWholesaler() {
  const edge = await startEdge();
  const collectorPort = await freePort();
  const common = { ...edge.serviceEnv, SESSION_TOKEN_SECRET: 'session-secret-of-the-tests' };
  const botManager = edge.stack.use(
    createBotManager(
      botManagerConfig({
        ...common,
        ADMIN_API_TOKEN: edge.adminToken,
        TRANSCRIPTION_COLLECTOR_URL: `http://127.0.0.1:${collectorPort}`,
        WHISPERLIVE_URL: 'ws://127.0.0.1:9',
        MODELS: 'tiny.en,base.en',
      }),
      { logger, runner: createFakeRunner() },
    ),
  );
  const { url: botManagerUrl } = await botManager.start();
  const collector = edge.stack.use(
    createCollector(collectorConfig({ ...common, PORT: String(collectorPort), BOT_MANAGER_URL: botManagerUrl }), {
      logger,
    }),
  );
  const { url: collectorUrl } = await collector.start();
  const url = await edge.startGateway({
    BOT_MANAGER_URL: botManagerUrl,
    TRANSCRIPTION_COLLECTOR_URL: collectorUrl,
    UPSTREAM_TIMEOUT_MS: '10000',
    RATE_LIMIT_START: '0',
    RATE_LIMIT_WRITE: '0',
    RATE_LIMIT_READ: '0',
  });
  return { edge, url };
}
