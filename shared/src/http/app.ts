import { randomUUID } from 'node:crypto';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { isSameSecret } from '../auth/same-secret.ts';
import { ServiceError } from '../errors.ts';
import type { Logger } from '../logging.ts';
import { runInRequest } from '../request-context.ts';
import type { Metrics } from './metrics.ts';
import { fieldProblems, onError, problemResponse, withoutKeys } from './problem.ts';
import { nextSpan, readTraceparent } from './trace.ts';

/** Variables every request carries. */
export interface BaseVariables {
  requestId: string;
}

const locations: Record<string, string> = { json: 'body', query: 'query', param: 'path', header: 'header' };
const maxBodyBytes = 1024 * 1024;
const probes = new Set(['/health', '/health/live', '/health/ready', '/health/accepting', '/metrics']);

export interface AppOptions {
  /** Routes under this path (`/v1/`) limit their bodies themselves. */
  ownBodyLimit?: string;
  /** Serves them on `/metrics`, and counts every request in them. */
  metrics?: Metrics;
  /** Asked of whoever reads `/metrics` (`Authorization: Bearer`); left out: nothing is asked. */
  metricsToken?: string | undefined;
}

/**
 * The skeleton of every HTTP surface: request ids and W3C trace context, problem+json errors, 422s that name each field, a
 * body limit of 1 MiB, `/metrics` and one log line a request (method, path, status, time; no headers, no bodies).
 */
export function createApp<V extends BaseVariables = BaseVariables>(
  logger: Logger,
  { ownBodyLimit, metrics, metricsToken }: AppOptions = {},
): OpenAPIHono<{ Variables: V }> {
  const app = new OpenAPIHono<{ Variables: V }>({
    defaultHook: (result, c) => {
      if (result.success) return;
      const where = locations[result.target] ?? result.target;
      const error = new ServiceError('validation_error', fieldProblems(where, result.error.issues));
      return problemResponse(error, c.get('requestId'));
    },
  });
  app.use(nameRequest(logger));
  if (metrics) {
    app.use(metrics.measure);
    app.get('/metrics', requireBearer(metricsToken), async (c) =>
      c.body(await metrics.registry.metrics(), 200, { 'content-type': metrics.registry.contentType }),
    );
  }
  const limitBody = bodyLimit({
    maxSize: maxBodyBytes,
    onError: (c) => {
      const error = new ServiceError('payload_too_large', 'The request body is over 1 MiB.');
      const response = problemResponse(error, c.get('requestId'));
      // The rest of the body is not read, so nothing more can be asked on this connection.
      response.headers.set('connection', 'close');
      return response;
    },
  });
  app.use((c, next) => {
    // Looking for a body costs more than all the rest of a request that has none.
    const hasNone = c.req.method === 'GET' || c.req.method === 'HEAD';
    return hasNone || (ownBodyLimit && c.req.path.startsWith(ownBodyLimit)) ? next() : limitBody(c, next);
  });
  app.notFound((c) =>
    problemResponse(new ServiceError('not_found', `No route ${c.req.method} ${c.req.path}`), c.get('requestId')),
  );
  app.onError(onError(logger));
  return app;
}

/** Gives the request its ids, in all that is logged meanwhile and in the answer, and logs how it ended. */
function nameRequest(logger: Logger): MiddlewareHandler<{ Variables: BaseVariables }> {
  return (c, next) => {
    const given = c.req.header('x-request-id');
    const fresh = randomUUID();
    const requestId = given && /^[\w.-]{1,128}$/.test(given) ? given : fresh;
    const parent = readTraceparent(c.req.header('traceparent'));
    const context = {
      requestId,
      trace: nextSpan(parent, fresh.replaceAll('-', '')),
      tracestate: parent && c.req.header('tracestate'),
      userId: undefined,
    };
    c.set('requestId', requestId);
    const startedAt = performance.now();
    return runInRequest(context, async () => {
      await next();
      c.res.headers.set('x-request-id', requestId);
      c.res.headers.set('x-content-type-options', 'nosniff');
      // What is answered is somebody's own, or true for this moment only.
      if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store');
      // Probes come every few seconds, and tell something only when they fail.
      const level = c.res.status < 400 && probes.has(c.req.path) ? 'debug' : 'info';
      logger[level](
        {
          method: c.req.method,
          path: withoutKeys(c.req.path),
          status: c.res.status,
          ms: Math.round(performance.now() - startedAt),
        },
        'request',
      );
    });
  };
}

function requireBearer(token: string | undefined): MiddlewareHandler {
  return async (c, next) => {
    const given = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
    if (token !== undefined && !isSameSecret(given, token)) {
      throw new ServiceError('unauthorized', 'Metrics are for whoever has METRICS_TOKEN: send it as a bearer token.');
    }
    await next();
  };
}
