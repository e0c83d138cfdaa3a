export interface WorkQueue extends AsyncDisposable {
  /** Looks for due work now instead of at the next poll. */
  nudge(): void;
}

interface WorkQueueOptions<T> {
  /**
   * Takes at most `room` items that are due and not in `underWay`, so that no other worker has them until their lease is
   * over. Must not reject: a queue that cannot be read is tried again at the next poll.
   */
  claim: (room: number, underWay: readonly T[]) => Promise<T[]>;
  /** Must not reject: what became of the item is written by it, and else the lease brings the item back. */
  work: (item: T) => Promise<void>;
  /** Items under way at once in this process. */
  parallel: number;
  pollMs: number;
}

/**
 * Works off a queue that is a table: any number of processes may do so, as each item is claimed by one, for a while.
 * Disposal lets what is under way end.
 */
export function startWorkQueue<T>({ claim, work, parallel, pollMs }: WorkQueueOptions<T>): WorkQueue {
  const underWay = new Map<T, Promise<void>>();
  let stopping = false;
  let wake = Promise.withResolvers<void>();

  const run = async (): Promise<void> => {
    while (!stopping) {
      wake = Promise.withResolvers<void>();
      const room = parallel - underWay.size;
      for (const item of room > 0 ? await claim(room, [...underWay.keys()]) : []) {
        const done = work(item).finally(() => {
          underWay.delete(item);
          wake.resolve();
        });
        underWay.set(item, done);
      }
      const poll = setTimeout(() => wake.resolve(), pollMs);
      await wake.promise;
      clearTimeout(poll);
    }
  };
  const running = run();

  return {
    nudge: () => wake.resolve(),
    async [Symbol.asyncDispose]() {
      stopping = true;
      wake.resolve();
      await running;
      await Promise.all(underWay.values());
    },
  };
}
