import { constants } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builderVersion } from '../graphs/build-graphs.ts';
import { buildGraphsInWorker } from '../graphs/build-graphs-in-worker.ts';
import type { WhisperPrecision } from '../graphs/precision.ts';
import { sha256OfFile } from './file-hash.ts';
import {
  type GraphsRecord,
  graphsFolder,
  graphsIn,
  graphsRecord,
  modelDir,
  type WeightsRecord,
  weightsRecord,
} from './model-cache.ts';
import type { OnProgress } from './progress.ts';
import { checkWeightFolder, settleWeightFolder, weightFilesOf } from './weight-folder.ts';

const graphFiles = ['encoder.onnx', 'encoder.weights', 'generate.onnx', 'generate.weights', 'align.onnx'];

export interface InstallInput {
  name: string;
  modelsDir: string;
  /** Holds the weight files; it becomes the model's folder by one rename when all is done. */
  staging: string;
  source: string;
  precision: WhisperPrecision;
  onProgress: OnProgress;
}

/** Builds the graphs of freshly arrived weights, records every checksum, and puts the model in place atomically. */
export async function installModel(input: InstallInput): Promise<void> {
  const { name, modelsDir, staging, source, onProgress } = input;
  onProgress({ stage: 'verify' });
  const record: WeightsRecord = { name, source, files: await describe(staging, settleWeightFolder(staging, name)) };
  await buildInto(staging, input);
  await writeFile(join(staging, weightsRecord), JSON.stringify(record, null, 2));
  await rename(staging, modelDir(modelsDir, name));
}

/** Adds the graphs of this builder's version, in one precision, to weights already in the cache. */
export async function addGraphs(input: Omit<InstallInput, 'staging' | 'source'>): Promise<void> {
  await buildInto(modelDir(input.modelsDir, input.name), input);
}

/** Copies what matters of a folder of weights into `staging`, following links. Throws `not_a_model`. */
export async function copyWeights(from: string, staging: string): Promise<void> {
  checkWeightFolder(from);
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  for (const file of weightFilesOf(from)) {
    await copyFile(join(from, file), join(staging, file), constants.COPYFILE_FICLONE);
  }
}

async function buildInto(
  parent: string,
  { precision, onProgress }: Pick<InstallInput, 'precision' | 'onProgress'>,
): Promise<void> {
  onProgress({ stage: 'graphs' });
  const finished = join(parent, graphsFolder(precision));
  const unfinished = join(parent, `.${graphsFolder(precision)}`);
  await rm(unfinished, { recursive: true, force: true });
  try {
    const built = await buildGraphsInWorker({ weightsDir: parent, outDir: unfinished, precision });
    const record: GraphsRecord = { ...built, files: await describe(unfinished, graphFiles) };
    await writeFile(join(unfinished, graphsRecord), JSON.stringify(record, null, 2));
    await rm(finished, { recursive: true, force: true });
    await rename(unfinished, finished);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  for (const { folder } of graphsIn(parent).filter(({ version }) => version < builderVersion)) {
    await rm(join(parent, folder), { recursive: true });
  }
}

async function describe(dir: string, files: readonly string[]): Promise<WeightsRecord['files']> {
  const described: WeightsRecord['files'] = {};
  for (const file of files) {
    const path = join(dir, file);
    described[file] = { bytes: (await stat(path)).size, sha256: await sha256OfFile(path) };
  }
  return described;
}
