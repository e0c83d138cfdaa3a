export type WholesalerFailure = 'breaker_open' | 'unreachable' | 'timeout' | 'nonsense' | 'refused';

interface Details {
  status?: number;
  /** `code` of the wholesaler's problem body. */
  code?: string | undefined;
  /** `detail` of the wholesaler's problem body. */
  detail?: unknown;
  retryAfterSeconds?: number | undefined;
  cause?: unknown;
}

/**
 * A call to the wholesaler that did not succeed. `refused`: it answered with an error `status`; the other kinds gave
 * no usable answer.
 */
export class WholesalerError extends Error {
  override readonly name = 'WholesalerError';
  readonly failure: WholesalerFailure;
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly detail: unknown;
  readonly retryAfterSeconds: number | undefined;

  constructor(failure: WholesalerFailure, message: string, details: Details = {}) {
    super(message, { cause: details.cause });
    this.failure = failure;
    this.status = details.status;
    this.code = details.code;
    this.detail = details.detail;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** Whether the wholesaler (not the request) is at fault, so that the same call may succeed later. */
export const isOutage = (error: unknown): error is WholesalerError =>
  error instanceof WholesalerError &&
  (error.failure !== 'refused' || (error.status ?? 0) >= 500 || [401, 403, 429].includes(error.status ?? 0));

export const isNotFoundUpstream = (error: unknown): boolean => error instanceof WholesalerError && error.status === 404;

/** Whether the wholesaler may have done what it was asked although no answer says so. */
export const isOutcomeUnknown = (error: unknown): boolean =>
  error instanceof WholesalerError &&
  (error.failure === 'timeout' ||
    error.failure === 'unreachable' ||
    error.failure === 'nonsense' ||
    // `conflict`: an earlier attempt with the same idempotency key is still under way.
    error.code === 'conflict' ||
    [500, 502, 504].includes(error.status ?? 0));
