import type { StreamingPolicy } from './policy.ts';

/** How busy the engine is: 0 when idle, 1 when drafts can only just be served, more when there is room for finals alone. */
export type Pressure = number;

export const hasRoomForDrafts = (pressure: Pressure): boolean => pressure <= 1;

/** Seconds of new audio before the next draft: more of them the busier the engine is. */
export function draftStep(
  { draftStep: step, maxDraftStep, draftStretch }: StreamingPolicy,
  pressure: Pressure,
): number {
  if (!hasRoomForDrafts(pressure)) return Number.POSITIVE_INFINITY;
  return Math.max(step, Math.min(maxDraftStep, pressure * draftStretch * maxDraftStep));
}
