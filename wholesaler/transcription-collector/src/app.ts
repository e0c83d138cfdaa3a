import type { OpenAPIHono } from '@hono/zod-openapi';
import type { IdentityVariables } from '@vexa/shared/auth/identity-token';
import { createApp as createBaseApp } from '@vexa/shared/http/app';
import { type Checks, mountHealth } from '@vexa/shared/http/health';
import type { Metrics } from '@vexa/shared/http/metrics';
import type { Logger } from '@vexa/shared/logging';
import { mountPublicTranscripts } from '@vexa/shared/transcripts/public-route';
import type { DrainDeps } from './meetings/drain-meeting.ts';
import { mountInternal } from './routes/internal.ts';
import { mountTranscripts, type TranscriptRouteDeps } from './routes/transcripts.ts';
import { readShared } from './transcripts/share-transcript.ts';

export interface AppDeps extends DrainDeps, TranscriptRouteDeps {
  logger: Logger;
  metrics: Metrics;
  metricsToken: string | undefined;
  checks: Checks;
  /** Told with the health, without which there is still something to do here. */
  watched: Checks;
}

export function createApp(deps: AppDeps): OpenAPIHono<{ Variables: IdentityVariables }> {
  const app = createBaseApp<IdentityVariables>(deps.logger, deps);
  mountHealth(app, deps.checks, deps.watched);
  mountTranscripts(app, deps);
  mountPublicTranscripts(app, (shareId) => readShared(deps, shareId));
  mountInternal(app, deps);
  return app;
}
