import { createApp } from '@vexa/shared/http/app';
import { type Checks, mountHealth } from '@vexa/shared/http/health';
import type { Logger } from '@vexa/shared/logging';
import type { Registry } from 'prom-client';
import { createV1App } from './v1-app.ts';

interface Dependencies {
  checks: Checks;
  metrics: Registry;
  v1: Omit<Parameters<typeof createV1App>[0], 'logger'>;
  logger: Logger;
}

/**
 * Health, metrics and file transcription. It answers before the model is there: a first start may take minutes, and must
 * be told from a dead process.
 */
export function createHttpApp({ checks, metrics, v1, logger }: Dependencies) {
  const app = createApp(logger, { ownBodyLimit: '/v1/' });
  mountHealth(app, checks);
  app.get('/metrics', async (c) => c.body(await metrics.metrics(), 200, { 'content-type': metrics.contentType }));
  app.route('/v1', createV1App({ ...v1, logger }));
  return app;
}
