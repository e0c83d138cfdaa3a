import { randomUUID } from 'node:crypto';
import { OpenAPIHono } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { ServiceError } from '../errors.ts';
import type { Logger } from '../logging.ts';
import { fieldProblems, onError, problemResponse, withoutKeys } from './problem.ts';

/** Variables every request carries. */
export interface BaseVariables {
  requestId: string;
}

const locations: Record<string, string> = { json: 'body', query: 'query', param: 'path', header: 'header' };
const maxBodyBytes = 1024 * 1024;

export interface AppOptions {
  /** Routes under this path (`/v1/`) limit their bodies themselves. */
  ownBodyLimit?: string;
}

/**
 * The skeleton of every HTTP surface: request ids, problem+json errors, 422s that name each field, a body limit of
 * 1 MiB and one log line a request (method, path, status, time; no headers, no bodies).
 */
export function createApp<V extends BaseVariables = BaseVariables>(
  logger: Logger,
  { ownBodyLimit }: AppOptions = {},
): OpenAPIHono<{ Variables: V }> {
  const app = new OpenAPIHono<{ Variables: V }>({
    defaultHook: (result, c) => {
      if (result.success) return;
      const where = locations[result.target] ?? result.target;
      const error = new ServiceError('validation_error', fieldProblems(where, result.error.issues));
      return problemResponse(error, c.get('requestId'));
    },
  });
  app.use(async (c, next) => {
    const given = c.req.header('x-request-id');
    const requestId = given && /^[\w.-]{1,128}$/.test(given) ? given : randomUUID();
    c.set('requestId', requestId);
    const startedAt = performance.now();
    await next();
    c.header('x-request-id', requestId);
    logger.info(
      {
        request_id: requestId,
        method: c.req.method,
        path: withoutKeys(c.req.path),
        status: c.res.status,
        ms: Math.round(performance.now() - startedAt),
      },
      'request',
    );
  });
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
  app.use((c, next) => (ownBodyLimit && c.req.path.startsWith(ownBodyLimit) ? next() : limitBody(c, next)));
  app.notFound((c) =>
    problemResponse(new ServiceError('not_found', `No route ${c.req.method} ${c.req.path}`), c.get('requestId')),
  );
  app.onError(onError(logger));
  return app;
}
