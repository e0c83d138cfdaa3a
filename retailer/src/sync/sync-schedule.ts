import { errorFields, type Logger } from '@vexa/shared/logging';
import type { SyncReport } from './sync.ts';

export interface SyncSchedule extends AsyncDisposable {
  /** Syncs now, or waits for the sync under way. */
  run(): Promise<SyncReport>;
  last(): SyncReport | undefined;
}

interface Deps {
  sync: () => Promise<SyncReport>;
  logger: Logger;
  intervalMs: number;
}

/** Syncs at once and then every `intervalMs`; never twice at the same time. */
export function scheduleSync({ sync, logger, intervalMs }: Deps): SyncSchedule {
  let last: SyncReport | undefined;
  let underWay: Promise<SyncReport> | undefined;
  const run = () => {
    underWay ??= sync()
      .then((report) => {
        last = report;
        return report;
      })
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  };
  const runQuietly = () =>
    run().then(
      () => undefined,
      (error: unknown) => logger.error(errorFields(error), 'sync failed'),
    );
  const timer = setInterval(() => void runQuietly(), intervalMs);
  void runQuietly();
  return {
    run,
    last: () => last,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await underWay?.catch(() => undefined); // told where it was begun
    },
  };
}
