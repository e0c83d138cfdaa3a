import { constants } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildGraphsInWorker } from '../graphs/build-graphs-in-worker.ts';
import { sha256OfFile } from './file-hash.ts';
import {
  type GraphsRecord,
  graphsFolder,
  graphsRecord,
  modelDir,
  type WeightsRecord,
  weightsRecord,
} from './model-cache.ts';
import type { OnProgress } from './progress.ts';
import { checkWeightFolder, settleWeightFolder, weightFilesOf } from './weight-folder.ts';

export interface InstallInput {
  name: string;
  modelsDir: string;
  /** Holds the weight files; it becomes the model's folder by one rename when all is done. */
  staging: string;
  source: string;
  onProgress: OnProgress;
}

/** Builds the graphs of freshly arrived weights, records every checksum, and puts the model in place atomically. */
export async function installModel({ name, modelsDir, staging, source, onProgress }: InstallInput): Promise<void> {
  onProgress({ stage: 'verify' });
  const record: WeightsRecord = { name, source, files: await describe(staging, settleWeightFolder(staging)) };
  await buildInto(staging, onProgress);
  await writeFile(join(staging, weightsRecord), JSON.stringify(record, null, 2));
  await rename(staging, modelDir(modelsDir, name));
}

/** Adds the graphs of this builder's version to weights already in the cache. */
export async function addGraphs(input: Pick<InstallInput, 'name' | 'modelsDir' | 'onProgress'>): Promise<void> {
  await buildInto(modelDir(input.modelsDir, input.name), input.onProgress);
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

async function buildInto(parent: string, onProgress: OnProgress): Promise<void> {
  onProgress({ stage: 'graphs' });
  const unfinished = join(parent, `.${graphsFolder}`);
  await rm(unfinished, { recursive: true, force: true });
  const dimensions = await buildGraphsInWorker({ weightsDir: parent, outDir: unfinished });
  const files = ['encoder.onnx', 'encoder.weights', 'generate.onnx', 'generate.weights'];
  const record: GraphsRecord = { dimensions, files: await describe(unfinished, files) };
  await writeFile(join(unfinished, graphsRecord), JSON.stringify(record, null, 2));
  await rm(join(parent, graphsFolder), { recursive: true, force: true });
  await rename(unfinished, join(parent, graphsFolder));
}

async function describe(dir: string, files: readonly string[]): Promise<WeightsRecord['files']> {
  const described: WeightsRecord['files'] = {};
  for (const file of files) {
    const path = join(dir, file);
    described[file] = { bytes: (await stat(path)).size, sha256: await sha256OfFile(path) };
  }
  return described;
}
