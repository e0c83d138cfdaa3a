import type { OpenAPIHono } from '@hono/zod-openapi';
import type { IdentityVariables } from '@vexa/shared/auth/identity-token';
import { ServiceError } from '@vexa/shared/errors';
import { createApp as createBaseApp } from '@vexa/shared/http/app';
import { type Checks, mountHealth } from '@vexa/shared/http/health';
import { problemResponse } from '@vexa/shared/http/problem';
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
  app.use(async (c, next) => {
    await next();
    if (isRedisAway(c.error)) c.res = problemResponse(redisAway(), c.get('requestId'));
  });
  mountHealth(app, deps.checks);
  mountTranscripts(app, deps);
  mountInternal(app, deps);
  return app;
}

/** The client answers so when a command waited longer for a connection than it may. */
const isRedisAway = (error: Error | undefined): boolean =>
  error?.message === 'Command timed out' || error?.message === 'Connection is closed.';

const redisAway = () =>
  new ServiceError('unavailable', 'The store of live segments is away; try again soon.', { retryAfterSeconds: 5 });
