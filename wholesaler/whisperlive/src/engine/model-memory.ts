import { statSync } from 'node:fs';
import type { ModelFiles } from '../models/model-files.ts';
import { batchLimits } from './batcher.ts';

/** A worker thread with the runtime, the tokenizer and what JavaScript leaves to be collected. */
const workerBytes = 250e6;
/** Weights are mapped from their files and kept a second time, packed as the kernels want them. */
const weightCopies = 2;
/** What activations take beside the keys and values of the audio, measured over full batches of base. */
const arenaFactor = 2;
const floatBytes = 4;

/**
 * Bytes a loaded model takes in `workers` threads, from the size of its weights and of the arena that the largest batch
 * leaves behind. Measured after batches of 16 the whole process took 640 MB with tiny.en and 730 MB with base; counted are 530
 * and 760 MB a worker.
 */
export function estimateMemory(files: ModelFiles, workers: number): number {
  const { width, decoderLayers } = files.dimensions;
  const weights = [files.encoder, files.generate]
    .map((graph) => graph.replace(/onnx$/, 'weights'))
    .reduce((sum, path) => sum + statSync(path).size, 0);
  const arena = batchLimits.maxPositions * decoderLayers * 2 * width * floatBytes * arenaFactor;
  return workers * (workerBytes + weightCopies * weights + arena);
}
