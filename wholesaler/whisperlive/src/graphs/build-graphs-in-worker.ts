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

/** Builds the graphs without blocking the caller's thread: seconds for small models, a minute for large ones. */
export async function buildGraphsInWorker(input: BuildInput): Promise<WhisperDimensions> {
  const worker = new Worker(new URL('./build-worker.ts', import.meta.url), { workerData: input, name: 'build-graphs' });
  // `once` rejects with the worker's error when it fails before it answers.
  const [dimensions] = (await once(worker, 'message')) as [WhisperDimensions];
  await worker.terminate();
  return dimensions;
}
