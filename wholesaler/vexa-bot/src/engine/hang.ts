import { setTimeout as delay } from 'node:timers/promises';
import { PageLost } from './endings.ts';

interface Patience {
  everyMs: number;
  /** How long an answer may take; a busy machine takes many seconds. */
  withinMs: number;
}

/**
 * Asks a page whether it still runs: one that hangs shows what it last showed, and nothing is heard of it any more. Rejects
 * with `PageLost` when no answer comes; otherwise only ever ends by `signal`, and then without a word.
 */
export async function untilItHangs(
  ask: () => Promise<unknown>,
  signal: AbortSignal,
  { everyMs, withinMs }: Patience = { everyMs: 10_000, withinMs: 60_000 },
): Promise<never> {
  while (await passes(everyMs, signal)) {
    const answered = new AbortController();
    const either = AbortSignal.any([signal, answered.signal]);
    // A page that is gone refuses, and is told of elsewhere.
    const stop = () => answered.abort();
    void ask().then(stop, stop);
    if (await passes(withinMs, either)) throw new PageLost('The page hangs.');
  }
  return new Promise(() => {});
}

/** Whether the time passed before the signal. */
const passes = (ms: number, signal: AbortSignal): Promise<boolean> =>
  delay(ms, true, { signal, ref: false }).catch(() => false);
