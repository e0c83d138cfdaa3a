import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { WhisperPrecision } from './precision.ts';
import type { WhisperDimensions } from './whisper-weights.ts';

export interface BuildInput {
  /** Holds `model.bin` or safetensors. */
  weightsDir: string;
  outDir: string;
  precision: WhisperPrecision;
}

export interface BuiltGraphs {
  dimensions: WhisperDimensions;
  /** Seconds; see `attention-lag.ts`. */
  attentionLag: number;
}

/** Builds the graphs without blocking the caller's thread: seconds for small models, a minute for large ones. */
export async function buildGraphsInWorker(input: BuildInput): Promise<BuiltGraphs> {
  const worker = new Worker(new URL('./build-worker.ts', import.meta.url), { workerData: input, name: 'build-graphs' });
  // `once` rejects with the worker's error when it fails before it answers.
  const [built] = (await once(worker, 'message')) as [BuiltGraphs];
  await worker.terminate();
  return built;
}
