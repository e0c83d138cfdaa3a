import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isMultilingual } from '../graphs/build-graphs.ts';
import { defaultPrecision, type WhisperPrecision } from '../graphs/precision.ts';
import { catalogue, type ModelShape } from './catalogue.ts';
import { diskProblem, lockModel } from './ensure-model.ts';
import { sha256OfFile } from './file-hash.ts';
import { wrongChecksum } from './hub-source.ts';
import { copyWeights, installModel } from './install-model.ts';
import { readCache, stagingDir } from './model-cache.ts';
import { ModelError } from './model-error.ts';
import type { ModelFiles } from './model-files.ts';
import type { OnProgress } from './progress.ts';
import { checkWeightFolder, weightFilesOf } from './weight-folder.ts';

const namePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

export interface ImportInput {
  /** Holds model.bin (CTranslate2) or model.safetensors (Hugging Face, also in shards), and their JSON files. */
  folder: string;
  name: string;
  modelsDir: string;
  precision?: WhisperPrecision;
  onProgress?: OnProgress;
}

/** Takes a model from a local folder; a name of the catalogue must match its shape and pinned checksums. */
export async function importModel(input: ImportInput): Promise<ModelFiles> {
  const { folder, name, modelsDir, precision = defaultPrecision, onProgress = () => undefined } = input;
  if (!namePattern.test(name)) throw new ModelError('unknown_model', `"${name}" cannot be the name of a model`);
  await using _lock = await lockModel(modelsDir, name, onProgress);
  if (readCache(modelsDir, name).state !== 'absent') {
    throw new ModelError('not_a_model', `model "${name}" is in the cache already; remove it first or pass --name`);
  }
  const staging = stagingDir(modelsDir, name);
  try {
    await copyWeights(resolve(folder), staging);
    await checkPinned(name, folder, staging);
    await installModel({ name, modelsDir, staging, source: 'import', precision, onProgress });
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw diskProblem(error, modelsDir) ?? error;
  }
  const cached = readCache(modelsDir, name, precision);
  if (cached.state !== 'complete') throw new ModelError('damaged', `model "${name}" could not be completed`);
  return cached.files;
}

/** The checksums are those of the CTranslate2 form; the shape is known of every form. */
async function checkPinned(name: string, folder: string, staging: string): Promise<void> {
  const entry = catalogue.find((candidate) => candidate.name === name);
  if (!entry) return;
  const files = weightFilesOf(staging);
  for (const [file, wanted] of Object.entries(entry.sha256)) {
    if (!files.includes(file)) continue;
    const found = await sha256OfFile(join(staging, file));
    if (found !== wanted) throw wrongChecksum(join(folder, file), wanted, found);
  }
  const dims = checkWeightFolder(staging);
  const found = { ...dims, multilingual: isMultilingual(dims.vocabulary) };
  for (const [key, wanted] of Object.entries(entry.shape) as [keyof ModelShape, number | boolean][]) {
    if (found[key] === wanted) continue;
    const what = `${key} is ${found[key]} instead of ${wanted}`;
    throw new ModelError('not_a_model', `${folder} is not ${name}: ${what}; give it another name with --name`);
  }
}
