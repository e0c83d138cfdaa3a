/** The closed set of things that can go wrong for a caller; each transport maps a code to its own terms once. */
export const errorStatus = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  plan_limit: 403,
  not_found: 404,
  conflict: 409,
  meeting_already_active: 409,
  meeting_not_finalized: 409,
  bot_not_active: 409,
  payload_too_large: 413,
  validation_error: 422,
  rate_limited: 429,
  concurrent_bot_limit: 429,
  internal_error: 500,
  bad_gateway: 502,
  no_capacity: 503,
  unavailable: 503,
  gateway_timeout: 504,
} as const;

export type ErrorCode = keyof typeof errorStatus;

export interface FieldProblem {
  loc: (string | number)[];
  msg: string;
  type: string;
}

/** An error meant for the caller: `detail` is shown to them, a list names every bad field. */
export class ServiceError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | FieldProblem[];
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    detail: string | FieldProblem[],
    options: { retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(typeof detail === 'string' ? detail : detail.map((f) => `${f.loc.join('.')}: ${f.msg}`).join('; '), {
      cause: options.cause,
    });
    this.name = 'ServiceError';
    this.code = code;
    this.detail = detail;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export const notFound = (what: string): ServiceError => new ServiceError('not_found', `${what} not found`);

export const fieldError = (loc: (string | number)[], msg: string): ServiceError =>
  new ServiceError('validation_error', [{ loc, msg, type: 'value_error' }]);
