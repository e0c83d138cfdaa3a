import { Worker } from 'node:worker_threads';
import type { TranscribeJob, TranscribeResult } from './engine.ts';
import type { FromWorker, ToWorker, WorkerInput } from './messages.ts';

interface Waiting {
  resolve(result: TranscribeResult): void;
  reject(error: Error): void;
}

/** The thread that had a job ended before it answered. */
export class WorkerStopped extends Error {
  constructor(cause: Error) {
    super(`the transcription worker stopped: ${cause.message}`, { cause });
    this.name = 'WorkerStopped';
  }
}

/** One worker thread and the jobs it owes. When the thread ends, every job it owes is rejected. */
export class EngineWorker implements AsyncDisposable {
  /** The languages the model knows, once it is loaded. */
  readonly ready: Promise<readonly string[]>;
  /** Settles when the thread has ended, with the reason; undefined when it was stopped on purpose. */
  readonly ended: Promise<Error | undefined>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #failure: Error | undefined;
  #end: WorkerStopped | undefined;
  #stopping = false;

  constructor(script: URL, input: WorkerInput, onBatch: (rows: number) => void = () => undefined) {
    this.#worker = new Worker(script, { workerData: input, name: 'whisper' });
    const ready = Promise.withResolvers<readonly string[]>();
    this.ready = ready.promise;
    this.#worker.on('message', (message: FromWorker) => {
      if (message.type === 'ready') {
        this.#rest();
        ready.resolve(message.languages);
      } else if (message.type === 'batch') onBatch(message.rows);
      else this.#settle(message);
    });
    this.#worker.on('error', (error) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    });
    this.ended = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        const error = new WorkerStopped(this.#failure ?? new Error(`exit code ${code}`));
        this.#end = error;
        // First: whoever replaces this worker must know before its jobs come back to be given to the next.
        resolve(this.#stopping ? undefined : error);
        ready.reject(error);
        for (const { reject } of this.#waiting.values()) reject(error);
        this.#waiting.clear();
      });
    });
    // A failed start is also seen through `ended`; nobody needs to wait for both.
    this.ready.catch(() => undefined);
  }

  /** Rejects with `WorkerStopped` when the thread ends first. */
  transcribe(job: TranscribeJob): Promise<TranscribeResult> {
    if (this.#end) return Promise.reject(this.#end);
    const { promise, resolve, reject } = Promise.withResolvers<TranscribeResult>();
    const id = this.#nextId;
    this.#nextId += 1;
    this.#waiting.set(id, { resolve, reject });
    // A copy of the clip alone: the caller may hold a view into a much larger buffer.
    const audio = job.audio.slice();
    const message: ToWorker = { type: 'transcribe', id, job: { ...job, audio } };
    this.#worker.ref();
    this.#worker.postMessage(message, [audio.buffer]);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    await this.#worker.terminate();
    await this.ended;
  }

  #settle(message: Extract<FromWorker, { id: number }>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    this.#rest();
    if (message.type === 'result') waiting?.resolve(message.result);
    else waiting?.reject(message.error);
  }

  /** An idle worker does not keep the process alive. */
  #rest(): void {
    if (this.#waiting.size === 0) this.#worker.unref();
  }
}
