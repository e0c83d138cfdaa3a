import type { StreamingPolicy } from './policy.ts';

/**
 * Seconds of new audio before the next draft. `pressure` says how busy the engine is: 0 when idle, 1 when drafts can only
 * just be served. Infinite when there is room for finals alone.
 */
export function draftStep({ draftStep: step, maxDraftStep }: StreamingPolicy, pressure: number): number {
  const stretched = step * Math.max(1, pressure * (maxDraftStep / step));
  return stretched > maxDraftStep ? Number.POSITIVE_INFINITY : stretched;
}
