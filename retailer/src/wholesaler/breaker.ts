import CircuitBreaker from 'opossum';
import type { OperationClass } from '../config.ts';
import { WholesalerError } from './wholesaler-error.ts';

export interface BreakerState {
  state: 'closed' | 'open' | 'half_open';
  /** Over the last 10 s. */
  successes: number;
  failures: number;
  rejected: number;
  mean_ms: number;
  p95_ms: number;
}

export interface Breaker {
  run<T>(call: () => Promise<T>): Promise<T>;
  state(): BreakerState;
  shutdown(): void;
}

const windowMs = 10_000;
const failuresToOpen = 5;

/** Opens when at least half of 5 or more calls within 10 s failed for want of the wholesaler. */
export function createBreaker(name: OperationClass, resetMs: number): Breaker {
  const breaker = new CircuitBreaker((call: () => Promise<unknown>) => call(), {
    name,
    timeout: false,
    resetTimeout: resetMs,
    rollingCountTimeout: windowMs,
    errorThresholdPercentage: 50,
    volumeThreshold: failuresToOpen,
    errorFilter: (error: unknown) => !speaksOfTrouble(error),
  });
  let openedAt = 0;
  breaker.on('open', () => {
    openedAt = performance.now();
  });
  const secondsUntilTrial = () => Math.max(1, Math.ceil((resetMs - (performance.now() - openedAt)) / 1000));
  return {
    async run<T>(call: () => Promise<T>): Promise<T> {
      try {
        return (await breaker.fire(call)) as T;
      } catch (error) {
        if (!CircuitBreaker.isOurError(error as Error)) throw error;
        throw new WholesalerError('breaker_open', `too many ${name} calls failed just now`, {
          retryAfterSeconds: secondsUntilTrial(),
        });
      }
    },
    state() {
      const { stats } = breaker;
      return {
        state: breaker.opened ? 'open' : breaker.halfOpen ? 'half_open' : 'closed',
        successes: stats.successes,
        failures: stats.failures,
        rejected: stats.rejects,
        mean_ms: Math.round(stats.latencyMean),
        p95_ms: Math.round(stats.percentiles['0.95'] ?? 0),
      };
    },
    shutdown: () => breaker.shutdown(),
  };
}

/** An error that was meant for this one request says nothing about the next. */
function speaksOfTrouble(error: unknown): boolean {
  if (!(error instanceof WholesalerError)) return true;
  if (error.failure !== 'refused') return true;
  return (error.status ?? 0) >= 500 && error.code !== 'no_capacity';
}
