const unavailableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  // Postgres is shutting down, crashed, starting, or has no connection left.
  '57P01',
  '57P02',
  '57P03',
  '53300',
]);

// How the Redis client tells, in words only, that a command waited longer for a connection than it may.
const unavailableMessages = new Set(['Command timed out', 'Connection is closed.']);

/** Whether an error means that a server we depend on is away; the same request may succeed later. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const known = 'code' in error && typeof error.code === 'string' && unavailableCodes.has(error.code);
  return known || unavailableMessages.has(error.message) || isUnavailable(error.cause);
}
