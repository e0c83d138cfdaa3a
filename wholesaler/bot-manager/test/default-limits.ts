import type { LifecycleLimits } from '../src/config.ts';

/** What holds unless the operator says otherwise. */
export const defaultLimits: LifecycleLimits = {
  requestedMs: 60_000,
  joiningMs: 180_000,
  needsHelpMs: 600_000,
  stoppingMs: 30_000,
  launchMs: 15_000,
  heartbeatMs: 35_000,
  sessionEndMs: 30_000,
  finishMs: 120_000,
  collectorDownMs: 900_000,
  botRestarts: 1,
};
