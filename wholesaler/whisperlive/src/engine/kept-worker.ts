import { setTimeout as delay } from 'node:timers/promises';
import type { TranscribeJob, TranscribeResult } from './engine.ts';
import { type EngineWorker, WorkerStopped } from './engine-worker.ts';

const firstRestartMs = 100;
const maxRestartMs = 10_000;
/** A worker that lived this long died of something else than the one before it. */
const goodLifeMs = 60_000;

export interface KeptWorkerEvents {
  onLost?: ((error: Error, restartMs: number) => void) | undefined;
}

/**
 * A worker thread that is replaced when it dies, with growing pauses while it keeps dying; the jobs it had are given once
 * to its successor. Rejects when the first one cannot even start.
 */
export async function keepWorker(create: () => EngineWorker, { onLost }: KeptWorkerEvents = {}): Promise<KeptWorker> {
  const worker = create();
  const languages = await worker.ready;
  return new KeptWorker(worker, languages, create, onLost);
}

export class KeptWorker implements AsyncDisposable {
  readonly languages: readonly string[];
  readonly #create: () => EngineWorker;
  readonly #onLost: KeptWorkerEvents['onLost'];
  readonly #closing = new AbortController();
  #worker: EngineWorker;
  #current: Promise<EngineWorker>;
  #ready = true;

  constructor(
    worker: EngineWorker,
    languages: readonly string[],
    create: () => EngineWorker,
    onLost: KeptWorkerEvents['onLost'],
  ) {
    this.languages = languages;
    this.#worker = worker;
    this.#current = Promise.resolve(worker);
    this.#create = create;
    this.#onLost = onLost;
    void this.#keepAlive();
  }

  /** False while a worker that died is being replaced. */
  get ready(): boolean {
    return this.#ready;
  }

  async transcribe(job: TranscribeJob): Promise<TranscribeResult> {
    try {
      return await (await this.#current).transcribe(job);
    } catch (error) {
      if (this.#closing.signal.aborted || !(error instanceof WorkerStopped)) throw error;
      return (await this.#current).transcribe(job);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#worker[Symbol.asyncDispose]();
  }

  async #keepAlive(): Promise<void> {
    for (let restartMs = firstRestartMs; ; restartMs = Math.min(2 * restartMs, maxRestartMs)) {
      const bornAt = performance.now();
      const error = await this.#worker.ended;
      if (!error) return;
      this.#ready = false;
      if (performance.now() - bornAt > goodLifeMs) restartMs = firstRestartMs;
      this.#onLost?.(error, restartMs);
      this.#current = delay(restartMs, undefined, { signal: this.#closing.signal }).then(() => {
        this.#worker = this.#create();
        return this.#worker;
      });
      const started = await this.#current.then(
        () => true,
        () => false, // closed while it waited
      );
      if (!started) return;
      this.#worker.ready.then(
        () => {
          this.#ready = true;
        },
        () => undefined, // seen through `ended` by the next turn
      );
    }
  }
}
