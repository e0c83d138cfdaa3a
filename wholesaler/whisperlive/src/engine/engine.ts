import type { WhisperPrecision } from '../graphs/precision.ts';
import { ensureModel } from '../models/ensure-model.ts';
import type { ModelFiles } from '../models/model-files.ts';
import { type Compute, type Device, precisionFor } from './device.ts';
import { EngineWorker } from './engine-worker.ts';
import { type KeptWorker, keepWorker } from './kept-worker.ts';
import type { StageTimes } from './stage-times.ts';
import type { Word } from './words.ts';

export type { Word } from './words.ts';

export interface TranscribeJob {
  /** 16 kHz mono samples in [-1, 1], at most 30 s. */
  audio: Float32Array;
  /** ISO 639-1 code as Whisper names it, or null to detect it. */
  language: string | null;
  task: 'transcribe' | 'translate';
  /** How much of the audio is voice, where that is known: too little text for it is then noticed. */
  voicedSeconds?: number;
  /** Text spoken before this audio; only its last tokens are used. */
  promptText?: string;
  /** Text tokens that the transcript must begin with; they are part of the result. */
  prefix?: readonly number[];
  /** Gives every word its start and end. */
  wordTimes?: boolean;
  /** When the transcript does not convince, decodes again at rising temperatures: worth its cost for finals and files. */
  fallback?: boolean;
}

export interface TranscribeResult {
  text: string;
  language: string;
  languageProbability: number;
  /** The whole transcript, a forced prefix included; without the end token. */
  tokens: readonly number[];
  /** The same, parted into words. */
  words: readonly Word[];
  /** Mean log-probability of the tokens that were chosen (not of a prefix), the end token among them. */
  averageLogprob: number;
  noSpeechProbability: number;
  /** Bytes of the text over bytes of it deflated; repetition makes it large. */
  compressionRatio: number;
  /** What the transcript was sampled at; 0 when each token is the likeliest. */
  temperature: number;
  /** Repetition that survived the second decode over the full window. */
  looped: boolean;
  /** Where the time went. */
  times?: StageTimes;
}

export interface Engine extends AsyncDisposable {
  readonly model: string;
  readonly multilingual: boolean;
  /** Codes that a job may name; a model of one language knows only that. */
  readonly languages: readonly string[];
  /** False while a worker that died is being replaced. */
  readonly ready: boolean;
  /** How many worker threads it has, each with the model in memory; 1 unless said. */
  readonly workers?: number;
  /** Jobs that `worker` (from 0) has at once are decoded as batches. Rejects when the clip is too long, the language unknown, the queue full, or its worker died twice over it. */
  transcribe(job: TranscribeJob, worker?: number): Promise<TranscribeResult>;
}

export interface EngineOptions {
  model: string;
  modelsDir: string;
  threads: number;
  /** `cpu` unless given. */
  device?: Device;
  /** Worker threads that hold the model, each with `threads` of its own; 1 unless given. */
  workers?: number;
  /** What suits the device unless given. */
  precision?: WhisperPrecision | undefined;
}

export interface EngineEvents {
  onWorkerLost?: ((error: Error, restartMs: number) => void) | undefined;
  /** A worker decodes so many rows as one batch. */
  onBatch?: ((rows: number) => void) | undefined;
}

/** More are refused: what waits for its turn belongs in the scheduler, where it can be put in order. */
const maxJobsPerWorker = 64;

/** Loads a model (fetching it first when it is not in the cache) into worker threads. */
export async function startEngine(options: EngineOptions, events?: EngineEvents): Promise<Engine> {
  const { model, modelsDir, threads, device = 'cpu', workers = 1 } = options;
  const files = await ensureModel(model, { modelsDir, precision: precisionFor(device, options.precision) });
  return startEngineWith(files, { device, threads }, new URL('./worker.ts', import.meta.url), { ...events, workers });
}

/** An engine over any worker script that speaks `messages.ts`. Workers that die are replaced; one that cannot start rejects. */
export async function startEngineWith(
  files: ModelFiles,
  compute: Compute,
  script: URL,
  { onWorkerLost, onBatch, workers: count = 1 }: EngineEvents & { workers?: number } = {},
): Promise<Engine> {
  await using starting = new AsyncDisposableStack();
  const create = () => new EngineWorker(script, { files, compute }, onBatch);
  const started = Array.from({ length: count }, async () =>
    starting.use(await keepWorker(create, { onLost: onWorkerLost })),
  );
  await Promise.allSettled(started);
  const workers: readonly KeptWorker[] = await Promise.all(started);
  const owned = starting.move();
  const queued = workers.map(() => 0);
  const leastBusy = (): number => queued.indexOf(Math.min(...queued));
  const open = (): void => {
    if (owned.disposed) throw new Error(`the engine of ${files.name} is closed`);
  };
  return {
    model: files.name,
    multilingual: files.multilingual,
    languages: workers[0]?.languages ?? [],
    workers: count,
    get ready() {
      return workers.every(({ ready }) => ready);
    },
    transcribe: async (job, at = leastBusy()) => {
      open();
      const worker = workers[at];
      if (!worker) throw new RangeError(`there is no worker ${at}`);
      if ((queued[at] ?? 0) >= maxJobsPerWorker) throw new Error(`${maxJobsPerWorker} clips are already waiting`);
      queued[at] = (queued[at] ?? 0) + 1;
      try {
        return await worker.transcribe(job);
      } catch (error) {
        open();
        throw error;
      } finally {
        queued[at] = (queued[at] ?? 1) - 1;
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
