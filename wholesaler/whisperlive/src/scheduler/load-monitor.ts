import type { JobKind } from './scheduler.ts';
import type { SchedulerSettings } from './settings.ts';

const promptJobs = 3;

/** Milliseconds, as of `performance.now()`. */
export type Clock = () => number;

/** A sum whose parts count half after each half-life. */
class FadingSum {
  #value = 0;
  #at = 0;

  add(amount: number, at: number, halfLifeMs: number): void {
    this.#value = this.read(at, halfLifeMs) + amount;
    this.#at = at;
  }

  read(at: number, halfLifeMs: number): number {
    return this.#value * 2 ** (-(at - this.#at) / halfLifeMs);
  }
}

type Live = 'final' | 'draft';
/** As what a job's work counts, and as what its delay does: most early finals become the final, and none is waited for. */
const live: Record<JobKind, { work: Live; delay: Live } | undefined> = {
  final: { work: 'final', delay: 'final' },
  early: { work: 'final', delay: 'draft' },
  draft: { work: 'draft', delay: 'draft' },
  file: undefined,
};

export interface FinishedJob {
  kind: JobKind;
  /** From being asked for to its result. */
  delaySeconds: number;
}

/**
 * What an engine's recent work tells of its load. Everything is measured, nothing assumed of the machine: how long jobs
 * take from being asked for to their result, and how much of its time the engine is busy with what.
 */
export class LoadMonitor {
  readonly #settings: SchedulerSettings;
  readonly #lanes: number;
  readonly #now: Clock;
  readonly #busy = { final: new FadingSum(), draft: new FadingSum() };
  readonly #delay = { final: new FadingSum(), draft: new FadingSum() };
  readonly #count = { final: new FadingSum(), draft: new FadingSum() };
  readonly #spoken = new FadingSum();

  constructor(settings: SchedulerSettings, { lanes, now }: { lanes: number; now: Clock }) {
    this.#settings = settings;
    this.#lanes = lanes;
    this.#now = now;
  }

  /** One batch took the lane this long; its jobs share that. */
  worked(seconds: number, jobs: readonly FinishedJob[]): void {
    const at = this.#now();
    for (const { kind, delaySeconds } of jobs) {
      const counts = live[kind];
      if (!counts) continue;
      this.#busy[counts.work].add(seconds / jobs.length, at, this.#halfLifeMs);
      this.#delay[counts.delay].add(delaySeconds, at, this.#halfLifeMs);
      this.#count[counts.delay].add(1, at, this.#halfLifeMs);
    }
  }

  /** A stream heard an utterance of so many seconds. */
  spoke(seconds: number): void {
    this.#spoken.add(seconds, this.#now(), this.#halfLifeMs);
  }

  /**
   * 0 when idle, 1 when drafts can only just be served or finals only just keep their promise. It falls while nothing is
   * decoded, so that drafts which stopped are tried again.
   */
  get pressure(): number {
    const { maxDraftDelay, maxFinalDelay } = this.#settings;
    return Math.max(this.#meanDelay('draft') / maxDraftDelay, this.#meanDelay('final') / maxFinalDelay);
  }

  /** Engine seconds that a second of speech must have: its finals, and drafts as rare as they may become. */
  get costOfSpeech(): number {
    const { lateDraft, leastDrafts } = this.#settings;
    // The faster drafts come now, the more of their share can be given up.
    const needed = Math.min(1, Math.max(this.#meanDelay('draft') / lateDraft, leastDrafts));
    const spoken = this.#spoken.read(this.#now(), this.#halfLifeMs);
    if (spoken === 0) return 0;
    const at = this.#now();
    const busy = this.#busy.final.read(at, this.#halfLifeMs) + this.#busy.draft.read(at, this.#halfLifeMs) * needed;
    return busy / this.#lanes / spoken;
  }

  /** Mean seconds from the end of an utterance to its final. */
  get finalDelay(): number {
    return this.#meanDelay('final');
  }

  /** Seconds of finished speech per second: how many streams speak at once, if none is faster than life. */
  get speaking(): number {
    return this.#perSecond(this.#spoken);
  }

  #meanDelay(kind: Live): number {
    const at = this.#now();
    const count = this.#count[kind].read(at, this.#halfLifeMs);
    // As if a few jobs more had not waited: with few or old jobs the mean falls, with many it is what they waited.
    return this.#delay[kind].read(at, this.#halfLifeMs) / (count + promptJobs);
  }

  #perSecond(sum: FadingSum): number {
    return sum.read(this.#now(), this.#halfLifeMs) / (this.#settings.halfLife / Math.LN2);
  }

  get #halfLifeMs(): number {
    return this.#settings.halfLife * 1000;
  }
}
