import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { weightFormat } from '../graphs/open-weights.ts';
import { ModelError } from './model-error.ts';

export interface FoundModel {
  /** The folder of the weights. */
  folder: string;
  /** `base` for a folder or repository called `faster-whisper-base` or `whisper-base`. */
  name: string;
}

const repository = /^models--.+--(.*whisper.*)$/;

/**
 * The models that a path stands for: a folder of weights, one repository in a Hugging Face cache
 * (`models--Systran--faster-whisper-base`), or all Whisper models of such a cache. Of models with the same name the
 * first is taken. Throws `not_a_model` when there is none.
 */
export function findModels(path: string): FoundModel[] {
  const folder = resolve(path);
  if (weightFormat(folder)) return [{ folder, name: modelName(folder) }];
  const found = new Map<string, FoundModel>();
  for (const candidate of [folder, ...repositoriesIn(folder), ...repositoriesIn(join(folder, 'hub'))]) {
    const snapshot = currentSnapshot(candidate);
    if (!snapshot) continue;
    const name = modelName(snapshot);
    if (!found.has(name)) found.set(name, { folder: snapshot, name });
  }
  if (found.size > 0) return [...found.values()];
  throw new ModelError(
    'not_a_model',
    `${folder} holds no Whisper model: neither model.bin (CTranslate2) nor model.safetensors (Hugging Face), nor such a ` +
      'model in snapshots/ or models--*whisper*/snapshots/',
  );
}

function modelName(folder: string): string {
  const parent = dirname(folder);
  const cached = basename(parent) === 'snapshots' ? repository.exec(basename(dirname(parent)))?.[1] : undefined;
  return (cached ?? basename(folder)).replace(/^(faster-)?whisper-/, '');
}

function repositoriesIn(folder: string): string[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return [];
  const names = readdirSync(folder).filter((name) => repository.test(name));
  return names.toSorted().map((name) => join(folder, name));
}

/** The snapshot that `refs/main` names; else the youngest one that is complete enough to hold weights. */
function currentSnapshot(repo: string): string | undefined {
  const snapshots = join(repo, 'snapshots');
  if (!existsSync(snapshots)) return undefined;
  const main = join(repo, 'refs', 'main');
  const named = existsSync(main) ? join(snapshots, basename(readFileSync(main, 'utf8').trim())) : undefined;
  if (named && weightFormat(named)) return named;
  return readdirSync(snapshots)
    .map((hash) => join(snapshots, hash))
    .filter((snapshot) => weightFormat(snapshot))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}
