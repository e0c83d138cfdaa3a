import type { ModelFiles } from '../models/model-files.ts';
import type { Compute } from './device.ts';
import type { TranscribeJob, TranscribeResult } from './engine.ts';

/** What the worker is started with. */
export interface WorkerInput {
  files: ModelFiles;
  compute: Compute;
}

export type ToWorker = { type: 'transcribe'; id: number; job: TranscribeJob };

export type FromWorker =
  /** `languages`: codes that a job may name. */
  | { type: 'ready'; languages: string[] }
  /** So many rows are decoded together. */
  | { type: 'batch'; rows: number }
  | { type: 'result'; id: number; result: TranscribeResult }
  | { type: 'failed'; id: number; error: Error };
