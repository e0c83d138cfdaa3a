import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { type ErrorCode, errorStatus, type FieldProblem, ServiceError } from '../errors.ts';
import { errorFields, type Logger } from '../logging.ts';
import { isUnavailable } from './unavailable.ts';

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  409: 'Conflict',
  413: 'Payload too large',
  422: 'Invalid input',
  429: 'Too many requests',
  500: 'Internal error',
  502: 'Bad gateway',
  503: 'Unavailable',
  504: 'Gateway timeout',
};

export const ProblemBody = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.union([
      z.string(),
      z.array(z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string(), type: z.string() })),
    ]),
    code: z.string(),
    request_id: z.string(),
  })
  .openapi('Problem', {
    example: {
      type: 'urn:vexa:error:not_found',
      title: 'Not found',
      status: 404,
      detail: 'Meeting not found',
      code: 'not_found',
      request_id: '5f0c3a52-6a7e-4f5e-9a59-0e4f5b0d9a11',
    },
  });
export type ProblemBody = z.infer<typeof ProblemBody>;

/** RFC 9457 answer for a `ServiceError`. */
export function problemResponse(error: ServiceError, requestId: string): Response {
  const status = errorStatus[error.code];
  const body: ProblemBody = {
    type: `urn:vexa:error:${error.code}`,
    title: titles[status] ?? 'Error',
    status,
    detail: error.detail,
    code: error.code,
    request_id: requestId,
  };
  const headers = new Headers({ 'content-type': 'application/problem+json', 'x-request-id': requestId });
  if (error.retryAfterSeconds !== undefined) headers.set('retry-after', String(error.retryAfterSeconds));
  return new Response(JSON.stringify(body), { status, headers });
}

/** Hono's error handler: our errors as they are, everything else as a 500 that says nothing of the inside. */
export const onError =
  (logger: Logger) =>
  (error: Error, c: Context): Response => {
    const requestId = String(c.get('requestId') ?? '');
    const known = toServiceError(error);
    if (known) return problemResponse(known, requestId);
    if (isUnavailable(error)) {
      logger.warn(errorFields(error), 'a server this one needs is away');
      return problemResponse(unavailable(), requestId);
    }
    logger.error({ ...errorFields(error), path: withoutKeys(c.req.path) }, 'unexpected error');
    return problemResponse(new ServiceError('internal_error', 'Something went wrong on our side.'), requestId);
  };

const unavailable = () =>
  new ServiceError('unavailable', 'A server this one needs is away; try again soon.', { retryAfterSeconds: 5 });

function toServiceError(error: Error): ServiceError | undefined {
  if (error instanceof ServiceError) return error;
  if (!(error instanceof HTTPException) || error.status >= 500) return undefined;
  const code = codeByStatus.get(error.status) ?? 'bad_request';
  const detail = error.message || (titles[error.status] ?? 'Bad request');
  return new ServiceError(code, detail, { cause: error });
}

/** A path as it may be logged: `DELETE /admin/tokens/{token}` can carry a key, and the id of a share is one. */
export const withoutKeys = (path: string): string =>
  path.replace(/vxa_[\w-]+/g, 'vxa_[redacted]').replace(/(\/public\/transcripts\/)[^/]+/g, '$1[redacted]');

const codeByStatus = new Map<number, ErrorCode>([
  [400, 'bad_request'],
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [413, 'payload_too_large'],
]);

/** Turns zod's issues into the list old clients read: `[{loc,msg,type}]`. */
export const fieldProblems = (
  where: string,
  issues: readonly { path: PropertyKey[]; message: string; code?: string | undefined }[],
): FieldProblem[] =>
  issues.map((issue) => ({
    loc: [where, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))],
    msg: issue.message,
    type: issue.code ?? 'invalid',
  }));
