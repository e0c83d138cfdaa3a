import { setTimeout as delay } from 'node:timers/promises';
import type { WhisperPrecision } from '../graphs/precision.ts';
import { ensureModel } from '../models/ensure-model.ts';
import type { ModelFiles } from '../models/model-files.ts';
import { type Compute, type Device, precisionFor } from './device.ts';
import { EngineWorker, WorkerStopped } from './engine-worker.ts';
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
}

export interface Engine extends AsyncDisposable {
  readonly model: string;
  readonly multilingual: boolean;
  /** Codes that a job may name; a model of one language knows only that. */
  readonly languages: readonly string[];
  /** False while a worker that died is being replaced. */
  readonly ready: boolean;
  /** Rejects when the clip is too long, the language unknown, the queue full, or its worker died twice over it. */
  transcribe(job: TranscribeJob): Promise<TranscribeResult>;
}

export interface EngineOptions {
  model: string;
  modelsDir: string;
  threads: number;
  /** `cpu` unless given. */
  device?: Device;
  /** What suits the device unless given. */
  precision?: WhisperPrecision | undefined;
}

export interface EngineEvents {
  onWorkerLost?: (error: Error, restartMs: number) => void;
}

const maxQueuedJobs = 64;
const firstRestartMs = 100;
const maxRestartMs = 10_000;
/** A worker that lived this long died of something else than the one before it. */
const goodLifeMs = 60_000;

/** Loads a model (fetching it first when it is not in the cache) into a worker thread. */
export async function startEngine(options: EngineOptions, events?: EngineEvents): Promise<Engine> {
  const { model, modelsDir, threads, device = 'cpu' } = options;
  const files = await ensureModel(model, { modelsDir, precision: precisionFor(device, options.precision) });
  return startEngineWith(files, { device, threads }, new URL('./worker.ts', import.meta.url), events);
}

/**
 * An engine over any worker script that speaks `messages.ts`. A worker that dies is replaced, with growing pauses while
 * it keeps dying, and the jobs it had are given once to its successor. A worker that cannot even start rejects.
 */
export async function startEngineWith(
  files: ModelFiles,
  compute: Compute,
  script: URL,
  { onWorkerLost }: EngineEvents = {},
): Promise<Engine> {
  const closing = new AbortController();
  const create = () => new EngineWorker(script, { files, compute });
  let worker = create();
  const languages = await worker.ready;
  let current: Promise<EngineWorker> = Promise.resolve(worker);
  let ready = true;
  let queued = 0;

  const keepAlive = async (): Promise<void> => {
    for (let restartMs = firstRestartMs; ; restartMs = Math.min(2 * restartMs, maxRestartMs)) {
      const bornAt = performance.now();
      const error = await worker.ended;
      if (!error) return;
      ready = false;
      if (performance.now() - bornAt > goodLifeMs) restartMs = firstRestartMs;
      onWorkerLost?.(error, restartMs);
      current = delay(restartMs, undefined, { signal: closing.signal }).then(() => {
        worker = create();
        return worker;
      });
      const started = await current.then(
        () => true,
        () => false, // closed while it waited
      );
      if (!started) return;
      worker.ready.then(
        () => {
          ready = true;
        },
        () => undefined, // seen through `ended` by the next turn
      );
    }
  };
  void keepAlive();

  const open = (): void => {
    if (closing.signal.aborted) throw new Error(`the engine of ${files.name} is closed`);
  };
  const decode = async (job: TranscribeJob): Promise<TranscribeResult> => {
    try {
      return await (await current).transcribe(job);
    } catch (error) {
      open();
      if (!(error instanceof WorkerStopped)) throw error;
      return (await current).transcribe(job);
    }
  };
  return {
    model: files.name,
    multilingual: files.multilingual,
    languages,
    get ready() {
      return ready;
    },
    transcribe: async (job) => {
      open();
      if (queued >= maxQueuedJobs) throw new Error(`${maxQueuedJobs} clips are already waiting`);
      queued += 1;
      try {
        return await decode(job);
      } finally {
        queued -= 1;
      }
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await worker[Symbol.asyncDispose]();
    },
  };
}
