const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Wait before each attempt; after the last one the event is dead. */
export const attemptDelaysMs: readonly number[] = [
  0,
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];

const longestWaitMs = 24 * hour;
const jitter = 0.1;

export interface FailedAttempt {
  /** How many attempts were made, this one included. */
  attempts: number;
  /** What the receiver asked for. */
  retryAfterMs?: number | undefined;
  /** In [0, 1). */
  random: number;
}

/** Milliseconds until the next attempt (±10 % so that receivers are not hit in step), or undefined when it was the last. */
export function nextDelayMs({ attempts, retryAfterMs = 0, random }: FailedAttempt): number | undefined {
  const planned = attemptDelaysMs[attempts];
  if (planned === undefined) return undefined;
  const jittered = planned * (1 - jitter + 2 * jitter * random);
  return Math.round(Math.max(jittered, Math.min(retryAfterMs, longestWaitMs)));
}

/** `Retry-After` as seconds or as an HTTP date, in milliseconds from `now`; undefined when there is none to honour. */
export function parseRetryAfter(value: string | undefined, now: Date): number | undefined {
  if (!value) return undefined;
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * second : Date.parse(value) - now.getTime();
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}
