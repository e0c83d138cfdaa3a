/** The HTTP status with which a container runtime or a cluster refused; undefined for any other failure. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  // dockerode says `statusCode`, the Kubernetes client `code`, which elsewhere is a name such as ECONNREFUSED.
  const status = 'statusCode' in error ? error.statusCode : 'code' in error ? error.code : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** Its result; undefined when it is refused with one of `statuses`. */
export async function unless<T>(statuses: readonly number[], call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    const status = statusOf(error);
    if (status !== undefined && statuses.includes(status)) return undefined;
    throw error;
  }
}
