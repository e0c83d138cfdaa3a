import type { Precision } from './layers.ts';
import type { FloatType } from './weight-file.ts';

interface Storage {
  encoder: Precision;
  decoder: Precision;
  floats: FloatType;
}

/** The names are those of `WHISPER_PRECISION`. float32 is the reference; float16 is meant for graphics cards. */
export const storages = {
  int8: { encoder: 'i8', decoder: 'i7', floats: 'float32' },
  fp32: { encoder: 'float', decoder: 'float', floats: 'float32' },
  fp16: { encoder: 'float', decoder: 'float', floats: 'float16' },
} as const satisfies Record<string, Storage>;
export type WhisperPrecision = keyof typeof storages;
export const precisions = Object.keys(storages) as WhisperPrecision[];
export const defaultPrecision: WhisperPrecision = 'int8';
