import { type ErrorCode, type FieldProblem, ServiceError } from '@vexa/shared/errors';
import { z } from 'zod';
import { WholesalerError, type WholesalerFailure } from './wholesaler-error.ts';

interface Answer {
  code: ErrorCode;
  detail: string;
  /** Used where the wholesaler named no time itself. */
  retryAfterSeconds?: number;
}

const away = 'The transcription service is away at the moment; try again soon.';
const full = 'The transcription service has no room for another bot at the moment.';
const unusable = 'The transcription service cannot be used at the moment.';

/** What our user is told when the wholesaler gave no usable answer. */
const byFailure: Record<Exclude<WholesalerFailure, 'refused'>, Answer> = {
  breaker_open: { code: 'unavailable', detail: away, retryAfterSeconds: 5 },
  unreachable: { code: 'unavailable', detail: away, retryAfterSeconds: 5 },
  timeout: { code: 'gateway_timeout', detail: 'The transcription service did not answer in time.' },
  nonsense: { code: 'bad_gateway', detail: 'The transcription service gave an answer that makes no sense.' },
};

/**
 * What our user is told of each answer of the wholesaler. 401, 403 and 429 are about our system key, not about the
 * user: they must not look as if the user had done something wrong.
 */
const byStatus: Record<number, Answer> = {
  400: { code: 'bad_gateway', detail: 'The transcription service did not understand the request.' },
  401: { code: 'unavailable', detail: unusable, retryAfterSeconds: 60 },
  403: { code: 'unavailable', detail: unusable, retryAfterSeconds: 60 },
  404: { code: 'not_found', detail: 'Meeting not found' },
  409: { code: 'conflict', detail: 'This conflicts with the state of the meeting.' },
  413: { code: 'payload_too_large', detail: 'The request body is too large.' },
  422: { code: 'validation_error', detail: 'The transcription service refuses this input.' },
  429: { code: 'no_capacity', detail: full, retryAfterSeconds: 30 },
  500: { code: 'unavailable', detail: away, retryAfterSeconds: 5 },
  502: { code: 'unavailable', detail: away, retryAfterSeconds: 5 },
  503: { code: 'unavailable', detail: away, retryAfterSeconds: 5 },
  504: { code: 'gateway_timeout', detail: 'The transcription service did not answer in time.' },
};

/** Codes that say more than their status. */
const byCode: Record<string, Answer> = {
  no_capacity: { code: 'no_capacity', detail: full, retryAfterSeconds: 30 },
  bot_not_active: { code: 'bot_not_active', detail: 'The bot is not in the meeting at the moment.' },
  meeting_not_finalized: { code: 'meeting_not_finalized', detail: 'The meeting is not over yet.' },
  meeting_already_active: {
    code: 'meeting_already_active',
    detail: 'The last bot of this meeting is still leaving; try again in a moment.',
    retryAfterSeconds: 5,
  },
};

const FieldProblems = z.array(
  z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string(), type: z.string() }),
);

/** The error our user gets for one of the wholesaler's; anything else is given back as it is. */
export function toServiceError(error: unknown): unknown {
  if (!(error instanceof WholesalerError)) return error;
  const answer =
    error.failure === 'refused'
      ? (byCode[error.code ?? ''] ?? byStatus[error.status ?? 0] ?? byFailure.nonsense)
      : byFailure[error.failure];
  const retryAfterSeconds = error.retryAfterSeconds ?? answer.retryAfterSeconds;
  return new ServiceError(answer.code, fieldsOf(error) ?? answer.detail, {
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    cause: error,
  });
}

/** Only a 422 names fields of the user's own request; other words of the wholesaler are not for the user. */
const fieldsOf = (error: WholesalerError): FieldProblem[] | undefined =>
  error.status === 422 ? FieldProblems.safeParse(error.detail).data : undefined;
