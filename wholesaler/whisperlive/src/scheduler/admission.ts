import type { Clock, LoadMonitor } from './load-monitor.ts';
import type { SchedulerSettings } from './settings.ts';

/**
 * Decides whether one more stream can be served within the promise, by what the engine measures of those it has: the
 * share of its time that one speaking stream takes, and how late finals are. Streams let in a moment ago count as
 * speaking, so that many who come at once are not all let in on the strength of the same idle engine.
 */
export class Admission {
  readonly #load: LoadMonitor;
  readonly #settings: SchedulerSettings;
  readonly #now: Clock;
  #admitted: number[] = [];

  constructor(load: LoadMonitor, { settings, now }: { settings: SchedulerSettings; now: Clock }) {
    this.#load = load;
    this.#settings = settings;
    this.#now = now;
  }

  /** `open`: streams there are. Undefined when one more is let in, else the minutes after which it may ask again. */
  ask(open: number): number | undefined {
    const load = this.loadWithOneMore(open);
    if (this.isFull(open)) return Math.min(this.#settings.maxWaitMinutes, Math.ceil(load - 1 + Number.EPSILON));
    this.#admitted.push(this.#now());
    return undefined;
  }

  /** Whether one more would be refused. */
  isFull(open: number): boolean {
    return this.loadWithOneMore(open) > 1 && open >= this.#settings.leastStreams;
  }

  /** What one more stream would make of the load that can be served within the promise; 1 is all of it. */
  loadWithOneMore(open: number): number {
    const { maxBusyShare, maxFinalDelay, lateShare, freshFor } = this.#settings;
    const now = this.#now();
    this.#admitted = this.#admitted.filter((at) => now - at < freshFor * 1000);
    // A buffer sent again comes faster than life; it must not pass for many people speaking.
    const speaking = Math.min(this.#load.speaking, open);
    const share = this.#load.costOfSpeech * (Math.min(speaking + this.#admitted.length, open) + 1);
    const late = share > lateShare ? this.#load.finalDelay / maxFinalDelay : 0;
    return Math.max(share / maxBusyShare, late);
  }
}
