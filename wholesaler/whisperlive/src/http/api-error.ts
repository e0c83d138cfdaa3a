/** Statuses of the OpenAI-compatible routes. */
export type ApiStatus = 400 | 401 | 404 | 413 | 415 | 422 | 429 | 500 | 503;

/** An error of the `/v1` routes, in the words of OpenAI's API. */
export class ApiError extends Error {
  readonly status: ApiStatus;
  /** The field that is wrong, if it is one. */
  readonly param: string | null;
  readonly code: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    status: ApiStatus,
    code: string,
    message: string,
    options: { param?: string; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.param = options.param ?? null;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

const typeOf = (status: ApiStatus): string => {
  if (status === 401) return 'authentication_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
};

export const apiErrorBody = ({ status, message, param, code }: ApiError) => ({
  error: { message, type: typeOf(status), param, code },
});

export function apiErrorResponse(error: ApiError): Response {
  const headers = new Headers();
  if (error.retryAfterSeconds !== undefined) headers.set('retry-after', String(error.retryAfterSeconds));
  // What is left of a body that is too large is not read, so nothing more can be asked on this connection.
  if (error.status === 413) headers.set('connection', 'close');
  return Response.json(apiErrorBody(error), { status: error.status, headers });
}

export const fieldProblem = (param: string, message: string, status: ApiStatus = 400): ApiError =>
  new ApiError(status, 'invalid_value', message, { param });
