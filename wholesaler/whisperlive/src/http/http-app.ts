import { createApp } from '@vexa/shared/http/app';
import { type Checks, mountHealth, readiness } from '@vexa/shared/http/health';
import type { Logger } from '@vexa/shared/logging';
import type { Registry } from 'prom-client';
import { createV1App } from './v1-app.ts';

interface Dependencies {
  checks: Checks;
  /** Rejects while one more stream would be refused. */
  room: () => Promise<void>;
  metrics: Registry;
  v1: Omit<Parameters<typeof createV1App>[0], 'logger'>;
  logger: Logger;
}

/**
 * Health, metrics and file transcription. It answers before the model is there: a first start may take minutes, and must
 * be told from a dead process. `/health/accepting` is for balancers that hold clients back: unlike `/health/ready` it is 503
 * while a stream would be told to wait.
 */
export function createHttpApp({ checks, room, metrics, v1, logger }: Dependencies) {
  const app = createApp(logger, { ownBodyLimit: '/v1/' });
  mountHealth(app, checks);
  app.get('/health/accepting', readiness({ ...checks, room }));
  app.get('/metrics', async (c) => c.body(await metrics.metrics(), 200, { 'content-type': metrics.contentType }));
  app.route('/v1', createV1App({ ...v1, logger }));
  return app;
}
