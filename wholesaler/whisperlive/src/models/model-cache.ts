import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { builderVersion, isMultilingual } from '../graphs/build-graphs.ts';
import { defaultPrecision, type WhisperPrecision } from '../graphs/precision.ts';
import { damagedModel } from './model-damage.ts';
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
export type FileRecords = WeightsRecord['files'];
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

/** Where a model is gathered before it takes its place by one rename. */
export const stagingDir = (modelsDir: string, name: string): string => resolve(modelsDir, `.pull-${name}`);

export type CacheState =
  | { state: 'absent' }
  | { state: 'weights'; dir: string }
  | { state: 'complete'; files: ModelFiles };

/** What the cache holds of a model, judged by names and sizes only. Throws `damaged` when a size is wrong. */
export function readCache(modelsDir: string, name: string, precision: WhisperPrecision = defaultPrecision): CacheState {
  const dir = modelDir(modelsDir, name);
  const weights = readWeightsRecord(dir);
  if (!weights) return { state: 'absent' };
  checkSizes(name, dir, weights.files);
  const graphsDir = join(dir, graphsFolder(precision));
  const graphs = readGraphsRecord(graphsDir);
  if (!graphs) return { state: 'weights', dir };
  checkSizes(name, graphsDir, graphs.files, graphsFolder(precision));
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

export function cachedModels(modelsDir: string): string[] {
  if (!existsSync(modelsDir)) return [];
  const names = readdirSync(modelsDir).filter((name) => !name.startsWith('.'));
  return names.filter((name) => existsSync(join(modelsDir, name, weightsRecord))).toSorted();
}

/** Judged by sizes only: reading every byte would take as long as loading. */
function checkSizes(name: string, dir: string, files: FileRecords, graphs?: string): void {
  for (const [file, { bytes }] of Object.entries(files)) {
    const what = wrongSize(dir, file, bytes);
    if (what !== undefined) throw damagedModel(name, [{ graphs, what }]);
  }
}

/** What is wrong with a file's size, if anything. */
export function wrongSize(dir: string, file: string, bytes: number): string | undefined {
  const size = statSync(join(dir, file), { throwIfNoEntry: false })?.size;
  if (size === undefined) return `${file} is missing`;
  return size === bytes ? undefined : `${file} has ${size} bytes instead of ${bytes}`;
}

export const readWeightsRecord = (dir: string): WeightsRecord | undefined =>
  readRecord(join(dir, weightsRecord), weightsSchema);

export const readGraphsRecord = (graphsDir: string): GraphsRecord | undefined =>
  readRecord(join(graphsDir, graphsRecord), graphsSchema);

function readRecord<T>(path: string, schema: z.ZodType<T>): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new ModelError('damaged', `${basename(path)} cannot be read`, { cause: error });
  }
}
