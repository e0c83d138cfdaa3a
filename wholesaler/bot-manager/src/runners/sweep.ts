import { errorFields, type Logger } from '@vexa/shared/logging';

interface Leftover {
  id: string;
  /** How long it may stay from when it is first seen here. */
  keepMs: number;
}

/** Returns a sweep that removes those of the leftovers that have been seen long enough; one that fails is tried again. */
export function createSweep(
  remove: (id: string) => Promise<unknown>,
  logger: Logger,
): (leftovers: Leftover[]) => Promise<void> {
  let seenAt = new Map<string, number>();
  return async (leftovers) => {
    const now = performance.now();
    seenAt = new Map(leftovers.map(({ id }) => [id, seenAt.get(id) ?? now]));
    for (const { id, keepMs } of leftovers) {
      if (now - (seenAt.get(id) ?? now) < keepMs) continue;
      try {
        await remove(id);
      } catch (error) {
        // It is seen again, and must not keep the others.
        logger.warn({ ...errorFields(error), container_id: id }, 'an ended bot could not be removed');
      }
    }
  };
}
