import { ensureModel } from '../models/ensure-model.ts';
import type { ModelFiles } from '../models/model-files.ts';
import { EngineWorker } from './engine-worker.ts';

export interface TranscribeJob {
  /** 16 kHz mono samples in [-1, 1], at most 30 s. */
  audio: Float32Array;
  /** ISO 639-1 code as Whisper names it, or null to detect it. */
  language: string | null;
  task: 'transcribe' | 'translate';
  /** Text spoken before this audio; only its last tokens are used. */
  promptText?: string;
}

export interface TranscribeResult {
  text: string;
  language: string;
  languageProbability: number;
  tokenCount: number;
  averageLogprob: number;
  noSpeechProbability: number;
  /** Repetition that survived the second decode over the full window. */
  looped: boolean;
}

export interface Engine extends AsyncDisposable {
  readonly model: string;
  readonly multilingual: boolean;
  /** Rejects when the clip is too long, the language unknown, the queue full or the worker gone. */
  transcribe(job: TranscribeJob): Promise<TranscribeResult>;
}

export interface EngineOptions {
  model: string;
  modelsDir: string;
  threads: number;
}

const maxQueuedJobs = 64;
const maxRestarts = 1;

/** Loads a model (fetching it first when it is not in the cache) into a worker thread. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const files = await ensureModel(options.model, { modelsDir: options.modelsDir });
  return startEngineWith(files, options.threads, new URL('./worker.ts', import.meta.url));
}

/** An engine over any worker script that speaks `messages.ts`; a worker that dies is replaced once. */
export async function startEngineWith(files: ModelFiles, threads: number, script: URL): Promise<Engine> {
  const input = { files, threads };
  let worker = new EngineWorker(script, input);
  let restarts = 0;
  let broken: Error | undefined;
  const watch = async (watched: EngineWorker): Promise<void> => {
    const error = await watched.ended;
    if (!error) return;
    if (restarts >= maxRestarts) {
      broken = new Error(`the engine of ${files.name} gave up after ${restarts} restart: ${error.message}`, {
        cause: error,
      });
      return;
    }
    restarts += 1;
    worker = new EngineWorker(script, input);
    void watch(worker);
  };
  await worker.ready;
  void watch(worker);
  return {
    model: files.name,
    multilingual: files.multilingual,
    transcribe: async (job) => {
      if (broken) throw broken;
      if (worker.queued >= maxQueuedJobs) throw new Error(`${maxQueuedJobs} clips are already waiting`);
      return worker.transcribe(job);
    },
    [Symbol.asyncDispose]: async () => {
      broken ??= new Error(`the engine of ${files.name} is closed`);
      await worker[Symbol.asyncDispose]();
    },
  };
}
