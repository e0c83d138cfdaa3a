import { ProblemBody } from '../../http/problem.ts';

const descriptions = {
  400: 'The request is not readable, for example because it is not JSON.',
  401: 'The key is missing, unknown, expired or revoked.',
  403: 'The key lacks the scope, or the plan does not allow it.',
  404: 'It does not exist, or belongs to somebody else.',
  409: 'It conflicts with the present state.',
  413: 'The body is over 1 MiB.',
  422: 'Invalid input; `detail` lists every bad field.',
  429: 'Too many requests or bots; see `Retry-After`.',
  502: 'A service behind this one answered nonsense.',
  503: 'A service behind this one is down; see `Retry-After`.',
  504: 'A service behind this one did not answer in time.',
} as const;

type ProblemStatus = keyof typeof descriptions;

/** The `responses` entries of a route that may answer these errors, all `application/problem+json`. */
export function problems<S extends ProblemStatus>(...statuses: S[]): Record<S, ProblemResponse> {
  const entries = statuses.map((status) => [status, problem(descriptions[status])] as const);
  return Object.fromEntries(entries) as Record<S, ProblemResponse>;
}

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: ProblemBody } },
});
type ProblemResponse = ReturnType<typeof problem>;
