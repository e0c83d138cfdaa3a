import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { builderVersion, isMultilingual } from '../graphs/build-graphs.ts';
import { defaultPrecision, type WhisperPrecision } from '../graphs/precision.ts';
import { sha256OfFile } from './file-hash.ts';
import { ModelError } from './model-error.ts';
import type { ModelFiles } from './model-files.ts';

const fileSchema = z.object({ bytes: z.int(), sha256: z.string() });
const weightsSchema = z.object({ name: z.string(), source: z.string(), files: z.record(z.string(), fileSchema) });
const graphsSchema = z.object({
  dimensions: z.object({
    width: z.int(),
    heads: z.int(),
    encoderLayers: z.int(),
    decoderLayers: z.int(),
    vocabulary: z.int(),
    melBins: z.int(),
  }),
  attentionLag: z.number(),
  files: z.record(z.string(), fileSchema),
});
export type WeightsRecord = z.infer<typeof weightsSchema>;
export type GraphsRecord = z.infer<typeof graphsSchema>;

export const weightsRecord = 'model.json';
export const graphsRecord = 'graphs.json';
/** Graphs of several precisions live side by side; those of another builder are other graphs. */
export const graphsFolder = (precision: WhisperPrecision): string => `graphs-v${builderVersion}-${precision}`;

export interface CachedGraphs {
  folder: string;
  version: number;
  precision: string;
}

/** The graphs in a model's folder, finished and of whatever builder. */
export function graphsIn(dir: string): CachedGraphs[] {
  return readdirSync(dir).flatMap((folder) => {
    const [, version, precision] = /^graphs-v(\d+)-(.+)$/.exec(folder) ?? [];
    return version && precision ? [{ folder, version: Number(version), precision }] : [];
  });
}

export const modelDir = (modelsDir: string, name: string): string => resolve(modelsDir, name);

export type CacheState =
  | { state: 'absent' }
  | { state: 'weights'; dir: string }
  | { state: 'complete'; files: ModelFiles };

/** What the cache holds of a model, judged by names and sizes only. Throws `damaged` when a size is wrong. */
export function readCache(modelsDir: string, name: string, precision: WhisperPrecision = defaultPrecision): CacheState {
  const dir = modelDir(modelsDir, name);
  const weights = readRecord(join(dir, weightsRecord), weightsSchema);
  if (!weights) return { state: 'absent' };
  checkSizes(name, dir, weights.files);
  const graphsDir = join(dir, graphsFolder(precision));
  const graphs = readRecord(join(graphsDir, graphsRecord), graphsSchema);
  if (!graphs) return { state: 'weights', dir };
  checkSizes(name, graphsDir, graphs.files);
  return {
    state: 'complete',
    files: {
      name,
      dir,
      precision,
      encoder: join(graphsDir, 'encoder.onnx'),
      generate: join(graphsDir, 'generate.onnx'),
      align: join(graphsDir, 'align.onnx'),
      tokenizer: join(dir, 'tokenizer.json'),
      config: join(dir, 'config.json'),
      multilingual: isMultilingual(graphs.dimensions.vocabulary),
      dimensions: graphs.dimensions,
      attentionLag: graphs.attentionLag,
    },
  };
}

/** Reads every byte of a cached model. Throws `not_in_cache` or `damaged`. */
export async function verifyModel(modelsDir: string, name: string): Promise<void> {
  const cached = readCache(modelsDir, name);
  if (cached.state === 'absent') throw new ModelError('not_in_cache', `model "${name}" is not in ${modelsDir}`);
  const dir = modelDir(modelsDir, name);
  await checkHashes(name, dir, readRecord(join(dir, weightsRecord), weightsSchema)?.files ?? {});
  for (const { folder } of graphsIn(dir)) {
    const graphsDir = join(dir, folder);
    await checkHashes(name, graphsDir, readRecord(join(graphsDir, graphsRecord), graphsSchema)?.files ?? {});
  }
}

export function cachedModels(modelsDir: string): string[] {
  if (!existsSync(modelsDir)) return [];
  const names = readdirSync(modelsDir).filter((name) => !name.startsWith('.'));
  return names.filter((name) => existsSync(join(modelsDir, name, weightsRecord))).toSorted();
}

async function checkHashes(name: string, dir: string, files: WeightsRecord['files']): Promise<void> {
  for (const [file, { sha256 }] of Object.entries(files)) {
    if ((await sha256OfFile(join(dir, file))) !== sha256) throw damaged(name, `${file} has changed`);
  }
}

function checkSizes(name: string, dir: string, files: WeightsRecord['files']): void {
  for (const [file, { bytes }] of Object.entries(files)) {
    const size = statSync(join(dir, file), { throwIfNoEntry: false })?.size;
    if (size === undefined) throw damaged(name, `${file} is missing`);
    if (size !== bytes) throw damaged(name, `${file} has ${size} bytes instead of ${bytes}`);
  }
}

const damaged = (name: string, what: string): ModelError =>
  new ModelError(
    'damaged',
    `model "${name}" is damaged: ${what}; run \`npm run models -- pull ${name}\` to fetch it again`,
  );

function readRecord<T>(path: string, schema: z.ZodType<T>): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new ModelError('damaged', `${path} cannot be read; remove the model and pull it again`, { cause: error });
  }
}
