/**
 * Whether an error is about the message itself, so that repeating it at once is of no use. Everything that Postgres
 * does not call bad data, and everything Redis says, is a matter of the servers and passes.
 */
export function isMessageFault(error: unknown): boolean {
  const code = sqlState(error);
  if (code !== undefined) return /^2[23]/.test(code) && code !== '23P01';
  return error instanceof TypeError || error instanceof RangeError || (error instanceof Error && 'issues' in error);
}

/** SQLSTATE codes have five characters; other codes, such as ECONNREFUSED, are longer. */
function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string' && error.code.length === 5) return error.code;
  return sqlState(error.cause);
}

/** What may be told about a failure without repeating what somebody said. */
export function failureReason(error: unknown): string {
  const code = sqlState(error);
  return code === undefined
    ? `failed: ${error instanceof Error ? error.name : 'unknown'}`
    : `refused by storage (${code})`;
}
