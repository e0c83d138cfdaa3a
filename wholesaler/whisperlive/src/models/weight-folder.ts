import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkWeights, ctranslate2File, openWeights, weightFormat } from '../graphs/open-weights.ts';
import { safetensorsFile, safetensorsFiles, safetensorsIndex } from '../graphs/safetensors-reader.ts';
import type { WhisperDimensions } from '../graphs/whisper-weights.ts';
import {
  checkArchitecture,
  checkModelType,
  completeAlignmentHeads,
  configFile,
  generationFile,
  isHuggingFaceConfig,
  writeDecodingConfig,
} from './hugging-face-config.ts';
import { ModelError } from './model-error.ts';

export const ctranslate2Files = [ctranslate2File, configFile, 'tokenizer.json'] as const;
/** The small ones first: what is wrong with them is known before the large one is fetched. */
export const huggingFaceFiles = [configFile, generationFile, 'tokenizer.json', safetensorsFile] as const;

/** The files of a model's folder that matter. Throws `not_a_model`, naming what is missing. */
export function weightFilesOf(folder: string): string[] {
  const holds = (file: string): boolean => existsSync(join(folder, file));
  const format = weightFormat(folder);
  if (!format) {
    throw new ModelError(
      'not_a_model',
      `${folder} has neither ${ctranslate2File} (a CTranslate2 Whisper folder holds ${ctranslate2Files.join(', ')}) ` +
        `nor ${safetensorsFile} (a Hugging Face one holds ${huggingFaceFiles.join(', ')})`,
    );
  }
  const files = format === 'ctranslate2' ? [...ctranslate2Files] : safetensorsNames(folder);
  const missing = files.find((file) => !holds(file));
  if (missing) throw new ModelError('not_a_model', `${folder} has no ${missing}, which its model needs`);
  return files;
}

function safetensorsNames(folder: string): string[] {
  const shards = asModelError(folder, () => safetensorsFiles(folder));
  const index = shards.includes(safetensorsFile) ? [] : [safetensorsIndex];
  const generation = existsSync(join(folder, generationFile)) ? [generationFile] : [];
  return [...shards, ...index, ...generation, configFile, 'tokenizer.json'];
}

/**
 * Reads the index of a folder's weights and checks every name and shape, so that what cannot work is refused before
 * anything is copied or built. Throws `not_a_model`.
 */
export function checkWeightFolder(folder: string): WhisperDimensions {
  weightFilesOf(folder);
  const huggingFace = weightFormat(folder) === 'safetensors' && isHuggingFaceConfig(folder);
  if (huggingFace) checkModelType(folder);
  const dims = asModelError(folder, () => {
    using source = openWeights(folder);
    return checkWeights(source);
  });
  if (huggingFace) checkArchitecture(folder, dims);
  return dims;
}

/** Checks freshly arrived files and brings their configuration into the form decoding reads; returns what to keep. */
export function settleWeightFolder(folder: string, name: string): string[] {
  const dims = checkWeightFolder(folder);
  if (isHuggingFaceConfig(folder) && weightFormat(folder) === 'safetensors') writeDecodingConfig(folder);
  completeAlignmentHeads(folder, name, dims);
  return weightFilesOf(folder);
}

function asModelError<T>(folder: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ModelError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ModelError('not_a_model', `the weights in ${folder} cannot be used: ${why}`, { cause: error });
  }
}
