import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { builderVersion } from '../graphs/build-graphs.ts';
import { sha256OfFile } from './file-hash.ts';
import {
  type CachedGraphs,
  type FileRecords,
  graphsIn,
  modelDir,
  readGraphsRecord,
  readWeightsRecord,
  wrongSize,
} from './model-cache.ts';
import { type Damage, damagedModel } from './model-damage.ts';
import { ModelError } from './model-error.ts';

/** Reads every byte of a cached model and says what is not as it was when it came. */
export async function inspectModel(modelsDir: string, name: string): Promise<Damage[]> {
  const dir = modelDir(modelsDir, name);
  const damages = await inspectFiles(dir, undefined, () => readWeightsRecord(dir)?.files);
  for (const { folder } of graphsIn(dir)) {
    const graphsDir = join(dir, folder);
    damages.push(...(await inspectFiles(graphsDir, folder, () => readGraphsRecord(graphsDir)?.files)));
  }
  return damages;
}

/** Throws `not_in_cache`, or `damaged` with everything that is wrong and what to do about it. */
export async function verifyModel(modelsDir: string, name: string): Promise<void> {
  if (!existsSync(modelDir(modelsDir, name))) {
    throw new ModelError('not_in_cache', `model "${name}" is not in ${modelsDir}`);
  }
  const damages = await inspectModel(modelsDir, name);
  if (damages.length > 0) throw damagedModel(name, damages);
}

async function inspectFiles(
  dir: string,
  graphs: string | undefined,
  read: () => FileRecords | undefined,
): Promise<Damage[]> {
  let files: FileRecords | undefined;
  try {
    files = read();
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return [{ graphs, what: error.message }];
  }
  if (!files) return [{ graphs, what: 'the list of its files is missing' }];
  const damages: Damage[] = [];
  for (const [file, { bytes, sha256 }] of Object.entries(files)) {
    const what = wrongSize(dir, file, bytes);
    if (what !== undefined) damages.push({ graphs, what });
    else if ((await sha256OfFile(join(dir, file))) !== sha256) damages.push({ graphs, what: `${file} has changed` });
  }
  return damages;
}

export interface ModelInCache {
  name: string;
  /** Where the weights came from. */
  source: string;
  weightBytes: number;
  graphs: (CachedGraphs & { bytes: number; current: boolean })[];
}

/** What the cache holds of a model, by its records: nothing is checked. Throws `damaged` when they cannot be read. */
export function describeModel(modelsDir: string, name: string): ModelInCache {
  const dir = modelDir(modelsDir, name);
  const record = readWeightsRecord(dir);
  if (!record) throw new ModelError('not_in_cache', `model "${name}" is not in ${modelsDir}`);
  const graphs = graphsIn(dir).map((entry) => ({
    ...entry,
    bytes: totalBytes(readGraphsRecord(join(dir, entry.folder))?.files ?? {}),
    current: entry.version === builderVersion,
  }));
  return { name, source: record.source, weightBytes: totalBytes(record.files), graphs };
}

const totalBytes = (files: FileRecords): number => Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
