import type { Logger } from '@vexa/shared/logging';
import { completed, type Ending, RunOver } from './endings.ts';

/** Whatever makes the bot go comes through here; the first reason wins. */
export interface Departure {
  /** Aborted with a `RunOver`. */
  signal: AbortSignal;
  go(ending: Ending): void;
  /** Somebody asked the bot to leave. */
  stop(reason: string): void;
}

export function createDeparture(logger: Logger, isActive: () => boolean): Departure {
  const leaving = new AbortController();
  const go = (ending: Ending) => {
    if (leaving.signal.aborted) return;
    logger.info({ reason: ending.reason }, 'leaving');
    leaving.abort(new RunOver(ending));
  };
  return {
    signal: leaving.signal,
    go,
    stop: (reason) => go(completed(isActive() ? 'stopped' : 'stopped_before_admission', reason)),
  };
}
