import { audioSampleRate } from '@vexa/shared/contracts/audio';
import type { Engine, TranscribeJob, TranscribeResult } from '../engine/engine.ts';
import type { StageTimes } from '../engine/stage-times.ts';
import { Admission } from './admission.ts';
import { type Clock, LoadMonitor } from './load-monitor.ts';
import { defaultSettings, type SchedulerSettings } from './settings.ts';

/** `early`: a final decoded in a pause, before it is known whether the utterance is over. */
export type JobKind = 'final' | 'early' | 'draft' | 'file';

export interface Took {
  queueSeconds: number;
  decodeSeconds: number;
  audioSeconds: number;
  /** Undefined of a decode that failed. */
  stages: StageTimes | undefined;
}

/** What is told of the scheduler's work, for metrics. */
export interface SchedulerEvents {
  /** A decode ended well or not; seconds in the queue, in the engine, and of audio. */
  onDecoded?: (kind: JobKind, took: Took) => void;
  /** A draft was given up because a newer one or the final came before its turn. */
  onShed?: () => void;
  /** So many jobs were given to a worker together. */
  onBatch?: (jobs: number) => void;
}

interface Options {
  settings?: SchedulerSettings;
  now?: Clock;
}

interface Waiting {
  kind: JobKind;
  job: TranscribeJob;
  since: number;
  resolve: (result: TranscribeResult | undefined) => void;
  reject: (error: unknown) => void;
}

const secondsOf = ({ job }: Waiting): number => job.audio.length / audioSampleRate;

/**
 * Decides what the engine decodes next: finals before drafts before files, each in the order they came, those of like
 * length together; one batch at a time in every worker. A stream (known by identity, since names are the clients' choice)
 * has at most one draft waiting; a newer one takes its place, and a draft that lost its place resolves with undefined.
 * Finals are never dropped; what bounds them is the backlog limit of each session.
 */
export class Scheduler {
  readonly load: LoadMonitor;
  readonly admission: Admission;
  readonly #engine: Engine;
  readonly #events: SchedulerEvents;
  readonly #settings: SchedulerSettings;
  readonly #now: Clock;
  readonly #finals: Waiting[] = [];
  readonly #drafts = new Map<unknown, Waiting>();
  readonly #files: Waiting[] = [];
  readonly #idleLanes: number[];

  constructor(engine: Engine, events: SchedulerEvents = {}, options: Options = {}) {
    const { settings = defaultSettings, now = () => performance.now() } = options;
    const lanes = engine.workers ?? 1;
    this.#engine = engine;
    this.#events = events;
    this.#settings = settings;
    this.#now = now;
    this.load = new LoadMonitor(settings, { lanes, now });
    this.admission = new Admission(this.load, { settings, now });
    this.#idleLanes = Array.from({ length: lanes }, (_, lane) => lane);
  }

  /** Jobs that wait for their turn. */
  get waiting(): Record<Exclude<JobKind, 'early'>, number> {
    return { final: this.#finals.length, draft: this.#drafts.size, file: this.#files.length };
  }

  /** How busy the engine is: 0 when idle, 1 when drafts can only just be served, more when they cannot. */
  get pressure(): number {
    return this.load.pressure;
  }

  /** A stream heard an utterance of so many seconds. */
  spoke(seconds: number): void {
    this.load.spoke(seconds);
  }

  final(job: TranscribeJob): Promise<TranscribeResult> {
    return this.#inLine(this.#finals, 'final', { fallback: true, ...job });
  }

  /** An utterance of an uploaded file: nobody listens to it live. How many wait, the callers bound. */
  file(job: TranscribeJob): Promise<TranscribeResult> {
    return this.#inLine(this.#files, 'file', { fallback: true, ...job });
  }

  draft(stream: unknown, job: TranscribeJob, kind: 'draft' | 'early' = 'draft'): Promise<TranscribeResult | undefined> {
    return new Promise((resolve, reject) => {
      const old = this.#drafts.get(stream);
      old?.resolve(undefined);
      if (old) this.#events.onShed?.();
      // In the old one's place in the line: else a stream that speaks on would never get its turn on a busy machine.
      this.#drafts.set(stream, { kind, job, since: this.#now(), resolve, reject });
      this.#next();
    });
  }

  /** Forgets the waiting draft of a stream that closed its utterance. */
  dropDraft(stream: unknown): void {
    const waiting = this.#drafts.get(stream);
    if (!waiting) return;
    this.#drafts.delete(stream);
    waiting.resolve(undefined);
    this.#events.onShed?.();
  }

  #inLine(line: Waiting[], kind: JobKind, job: TranscribeJob): Promise<TranscribeResult> {
    return new Promise((resolve, reject) => {
      line.push({ kind, job, since: this.#now(), resolve: (result) => result && resolve(result), reject });
      this.#next();
    });
  }

  #next(): void {
    for (;;) {
      const lane = this.#idleLanes[0];
      if (lane === undefined) return;
      const batch = this.#take();
      if (batch.length === 0) return;
      this.#idleLanes.shift();
      void this.#run(lane, batch);
    }
  }

  async #run(lane: number, batch: readonly Waiting[]): Promise<void> {
    const startedAt = this.#now();
    this.#events.onBatch?.(batch.length);
    const finished = await Promise.all(
      batch.map(async (waiting) => {
        let stages: StageTimes | undefined;
        await this.#engine
          .transcribe(waiting.job, lane)
          .then((result) => {
            stages = result.times;
            waiting.resolve(result);
          })
          .catch(waiting.reject);
        const { kind, since } = waiting;
        const [decodeSeconds, delaySeconds] = [startedAt, since].map((from) => (this.#now() - from) / 1000);
        const audioSeconds = secondsOf(waiting);
        this.#events.onDecoded?.(kind, {
          queueSeconds: (startedAt - since) / 1000,
          decodeSeconds: decodeSeconds ?? 0,
          ...{ audioSeconds, stages },
        });
        return { kind, delaySeconds: delaySeconds ?? 0 };
      }),
    );
    this.load.worked((this.#now() - startedAt) / 1000, finished);
    this.#idleLanes.push(lane);
    this.#next();
  }

  /** The next job and those like it: of one kind, since a final must not wait for what matters less. */
  #take(): Waiting[] {
    const { maxFinals, maxDrafts, maxFiles } = this.#settings;
    if (this.#finals.length > 0) return this.#alike(this.#finals, maxFinals);
    if (this.#fileIsOverdue() || this.#drafts.size === 0) return this.#alike(this.#files, maxFiles);
    const drafts = [...this.#drafts.values()];
    const early = drafts.filter(({ kind }) => kind === 'early');
    const batch = this.#alike(early.length > 0 ? early : drafts, maxDrafts);
    for (const [stream, waiting] of this.#drafts) if (batch.includes(waiting)) this.#drafts.delete(stream);
    return batch;
  }

  /** Takes the first of a line and others of like length out of it. */
  #alike(line: Waiting[], most: number): Waiting[] {
    const { maxBatchSeconds, maxRatio, likeSeconds } = this.#settings;
    const lengthOf = (waiting: Waiting): number => Math.max(secondsOf(waiting), likeSeconds);
    const first = line[0];
    if (!first) return [];
    const batch: Waiting[] = [];
    let total = 0;
    for (const waiting of line) {
      const ratio = lengthOf(waiting) / lengthOf(first);
      const fits =
        batch.length === 0 ||
        (ratio <= maxRatio && ratio >= 1 / maxRatio && total + lengthOf(waiting) <= maxBatchSeconds);
      if (!fits) continue;
      batch.push(waiting);
      total += lengthOf(waiting);
      if (batch.length === most) break;
    }
    for (const waiting of batch) line.splice(line.indexOf(waiting), 1);
    return batch;
  }

  #fileIsOverdue(): boolean {
    const oldest = this.#files[0];
    return oldest !== undefined && this.#now() - oldest.since > this.#settings.maxFileWait * 1000;
  }
}
