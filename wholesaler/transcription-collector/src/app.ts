import type { OpenAPIHono } from '@hono/zod-openapi';
import type { IdentityVariables } from '@vexa/shared/auth/identity-token';
import { createApp as createBaseApp } from '@vexa/shared/http/app';
import { type Checks, mountHealth } from '@vexa/shared/http/health';
import type { Logger } from '@vexa/shared/logging';
import type { DrainDeps } from './meetings/drain-meeting.ts';
import { mountInternal } from './routes/internal.ts';
import { mountTranscripts } from './routes/transcripts.ts';

export interface AppDeps extends DrainDeps {
  logger: Logger;
  internalTokenSecret: string;
  checks: Checks;
}

export function createApp(deps: AppDeps): OpenAPIHono<{ Variables: IdentityVariables }> {
  const app = createBaseApp<IdentityVariables>(deps.logger);
  mountHealth(app, deps.checks);
  mountTranscripts(app, deps);
  mountInternal(app, deps);
  return app;
}
