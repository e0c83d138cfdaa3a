import { audioSampleRate } from '@vexa/shared/contracts/audio';
import type { Engine, TranscribeJob, TranscribeResult } from '../engine/engine.ts';

export type JobKind = 'final' | 'draft' | 'file';

/** What is told of the scheduler's work, for metrics. */
export interface SchedulerEvents {
  /** A decode ended well or not; seconds in the queue, in the engine, and of audio. */
  onDecoded?: (kind: JobKind, took: { queueSeconds: number; decodeSeconds: number; audioSeconds: number }) => void;
  /** A draft was given up because a newer one or the final came before its turn. */
  onShed?: () => void;
}

interface Waiting {
  kind: JobKind;
  job: TranscribeJob;
  /** Clock of `performance.now()`. */
  since: number;
  resolve: (result: TranscribeResult | undefined) => void;
  reject: (error: unknown) => void;
}

/** A file's utterance goes before drafts after this, so that busy streams slow files down but cannot stop them. */
const maxFileWaitMs = 5_000;

/**
 * Decides what the engine decodes next: finals before drafts before files, each in the order they came. A stream (known by identity,
 * since names are the clients' choice) has at most one draft waiting; a newer one takes its place, and a draft that lost its place resolves with undefined. Finals are
 * never dropped; what bounds them is the backlog limit of each session.
 */
export class Scheduler {
  readonly #engine: Engine;
  readonly #events: SchedulerEvents;
  readonly #finals: Waiting[] = [];
  readonly #drafts = new Map<unknown, Waiting>();
  readonly #files: Waiting[] = [];
  #busy = false;

  constructor(engine: Engine, events: SchedulerEvents = {}) {
    this.#engine = engine;
    this.#events = events;
  }

  /** Jobs that wait for their turn. */
  get waiting(): Record<JobKind, number> {
    return { final: this.#finals.length, draft: this.#drafts.size, file: this.#files.length };
  }

  final(job: TranscribeJob): Promise<TranscribeResult> {
    return this.#inLine(this.#finals, 'final', job);
  }

  /** An utterance of an uploaded file: nobody listens to it live. How many wait, the callers bound. */
  file(job: TranscribeJob): Promise<TranscribeResult> {
    return this.#inLine(this.#files, 'file', job);
  }

  draft(stream: unknown, job: TranscribeJob): Promise<TranscribeResult | undefined> {
    this.dropDraft(stream);
    return new Promise((resolve, reject) => {
      this.#drafts.set(stream, { kind: 'draft', job, since: performance.now(), resolve, reject });
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
      const since = performance.now();
      line.push({ kind, job, since, resolve: (result) => result && resolve(result), reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#busy) return;
    const waiting = this.#finals.shift() ?? this.#overdueFile() ?? this.#oldestDraft() ?? this.#files.shift();
    if (!waiting) return;
    this.#busy = true;
    const startedAt = performance.now();
    this.#engine
      .transcribe(waiting.job)
      .then(waiting.resolve, waiting.reject)
      .finally(() => {
        this.#busy = false;
        this.#events.onDecoded?.(waiting.kind, {
          queueSeconds: (startedAt - waiting.since) / 1000,
          decodeSeconds: (performance.now() - startedAt) / 1000,
          audioSeconds: waiting.job.audio.length / audioSampleRate,
        });
        this.#next();
      });
  }

  #overdueFile(): Waiting | undefined {
    const oldest = this.#files[0];
    return oldest && performance.now() - oldest.since > maxFileWaitMs ? this.#files.shift() : undefined;
  }

  #oldestDraft(): Waiting | undefined {
    for (const [stream, waiting] of this.#drafts) {
      this.#drafts.delete(stream);
      return waiting;
    }
    return undefined;
  }
}
