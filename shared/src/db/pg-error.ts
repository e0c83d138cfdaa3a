/** Whether a unique index refused a write. */
export const isUniqueViolation = (error: unknown): boolean => hasCode(error, '23505');

/** Whether a write names a row of another table that is not there (any more). */
export const isForeignKeyViolation = (error: unknown): boolean => hasCode(error, '23503');

/** Sees through the wrapper that drizzle puts around the driver's error. */
function hasCode(error: unknown, code: string): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === code) || hasCode(error.cause, code);
}

const unavailable = new Set([
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

/** Whether an error means that a server we depend on is away; the same request may succeed later. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    ('code' in error && typeof error.code === 'string' && unavailable.has(error.code)) || isUnavailable(error.cause)
  );
}
