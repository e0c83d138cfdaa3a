import type { WhisperPrecision } from '../graphs/precision.ts';
import type { WhisperDimensions } from '../graphs/whisper-weights.ts';

/** A model that is complete on disk, graphs built. All paths are absolute. */
export interface ModelFiles {
  name: string;
  dir: string;
  precision: WhisperPrecision;
  encoder: string;
  generate: string;
  align: string;
  tokenizer: string;
  config: string;
  multilingual: boolean;
  dimensions: WhisperDimensions;
  /** How late the alignment heads turn to a word, in seconds. */
  attentionLag: number;
}
