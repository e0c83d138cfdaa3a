/** Whether a unique index refused a write. */
export const isUniqueViolation = (error: unknown): boolean => hasCode(error, '23505');

/** Whether a write names a row of another table that is not there (any more). */
export const isForeignKeyViolation = (error: unknown): boolean => hasCode(error, '23503');

/** Sees through the wrapper that drizzle puts around the driver's error. */
function hasCode(error: unknown, code: string): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === code) || hasCode(error.cause, code);
}
