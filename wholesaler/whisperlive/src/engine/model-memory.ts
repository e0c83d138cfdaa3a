import { statSync } from 'node:fs';
import type { ModelFiles } from '../models/model-files.ts';
import { batchLimits } from './batcher.ts';
import type { Device } from './device.ts';

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

/** More workers than this are for those who ask for them: each holds the model once more. */
const mostUsualWorkers = 4;

/**
 * How many worker threads a model has unless told: as many as there are cores and room. Two of one thread each do more than
 * one of two, since decoding, token by token, is too little work to share, and one clip can be encoded while another is
 * decoded; with base, 6 people speaking and 2 cores, first text came within 1.9 s (p95) instead of 2.6 s.
 */
export function usualWorkers(
  files: ModelFiles,
  { device, cores, memoryBytes }: { device: Device; cores: number; memoryBytes: number },
): number {
  if (device !== 'cpu') return 1;
  let workers = Math.min(mostUsualWorkers, cores);
  while (workers > 1 && estimateMemory(files, workers) > memoryBytes) workers -= 1;
  return workers;
}
