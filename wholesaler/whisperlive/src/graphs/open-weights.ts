import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Ct2File } from './ct2-reader.ts';
import { SafetensorsModel, safetensorsFile, safetensorsIndex } from './safetensors-reader.ts';
import { expectedShapes } from './weight-names.ts';
import type { WeightSource } from './weight-source.ts';
import { dimensionsOf, headWidth, type WhisperDimensions } from './whisper-weights.ts';

export const ctranslate2File = 'model.bin';
/** The smallest vocabulary of a Whisper model; those of many languages are larger. */
export const englishVocabulary = 51_864;

/** What a folder's weights are stored as, or undefined when it holds none. */
export function weightFormat(folder: string): 'ctranslate2' | 'safetensors' | undefined {
  const holds = (file: string): boolean => existsSync(join(folder, file));
  if (holds(ctranslate2File)) return 'ctranslate2';
  return holds(safetensorsFile) || holds(safetensorsIndex) ? 'safetensors' : undefined;
}

/** Opens a folder's weights, reading no more than their index. Throws when a file is cut short or of another kind. */
export function openWeights(folder: string): WeightSource {
  const format = weightFormat(folder);
  if (format === 'ctranslate2') return new Ct2File(join(folder, ctranslate2File));
  if (format === 'safetensors') return new SafetensorsModel(folder);
  throw new Error(`${folder} holds neither ${ctranslate2File} nor ${safetensorsFile}`);
}

/** Throws, naming the tensor, unless every tensor that the graphs need is there and has its shape. */
export function checkWeights(source: WeightSource): WhisperDimensions {
  const dims = dimensionsOf(source);
  if (dims.vocabulary < englishVocabulary)
    throw new Error(`a vocabulary of ${dims.vocabulary} is too small for Whisper`);
  if (!Number.isInteger(dims.heads) || dims.heads < 1) {
    throw new Error(`a width of ${dims.width} cannot be parted into heads of ${headWidth} as Whisper's can`);
  }
  for (const side of ['encoder', 'decoder'] as const) {
    if (dims[`${side}Layers`] === 0) throw new Error(`the model has no ${side} layers`);
  }
  for (const [name, expected] of expectedShapes(dims)) {
    const found = source.shape(name);
    if (String(found) === String(expected)) continue;
    throw new Error(`${source.describe(name)} has shape [${found.join(', ')}] instead of [${expected.join(', ')}]`);
  }
  return dims;
}
