import type { Engine, TranscribeJob, TranscribeResult } from '../engine/engine.ts';

interface Waiting {
  job: TranscribeJob;
  resolve: (result: TranscribeResult | undefined) => void;
  reject: (error: unknown) => void;
}

/**
 * Decides what the engine decodes next: finals before drafts, each in the order they came. A stream (known by identity,
 * since names are the clients' choice) has at most one draft waiting; a newer one takes its place, and a draft that lost its place resolves with undefined. Finals are
 * never dropped; what bounds them is the backlog limit of each session.
 */
export class Scheduler {
  readonly #engine: Engine;
  readonly #finals: Waiting[] = [];
  readonly #drafts = new Map<unknown, Waiting>();
  #busy = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  final(job: TranscribeJob): Promise<TranscribeResult> {
    return new Promise((resolve, reject) => {
      this.#finals.push({ job, resolve: (result) => result && resolve(result), reject });
      this.#next();
    });
  }

  draft(stream: unknown, job: TranscribeJob): Promise<TranscribeResult | undefined> {
    this.#drafts.get(stream)?.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#drafts.set(stream, { job, resolve, reject });
      this.#next();
    });
  }

  /** Forgets the waiting draft of a stream that closed its utterance. */
  dropDraft(stream: unknown): void {
    this.#drafts.get(stream)?.resolve(undefined);
    this.#drafts.delete(stream);
  }

  #next(): void {
    if (this.#busy) return;
    const waiting = this.#finals.shift() ?? this.#oldestDraft();
    if (!waiting) return;
    this.#busy = true;
    this.#engine
      .transcribe(waiting.job)
      .then(waiting.resolve, waiting.reject)
      .finally(() => {
        this.#busy = false;
        this.#next();
      });
  }

  #oldestDraft(): Waiting | undefined {
    for (const [stream, waiting] of this.#drafts) {
      this.#drafts.delete(stream);
      return waiting;
    }
    return undefined;
  }
}
