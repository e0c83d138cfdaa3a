import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadVoices as load, type Voice } from '@vexa/load-tester/voices';

const shipped = fileURLToPath(import.meta.resolve('@vexa/shared/testing/voices/manifest.tsv'));
/** More recordings beside the repository, which not everybody has. */
const beside = join(import.meta.dirname, '../../../../../shared/audio/manifest.tsv');

/** The shipped recordings, and those of a folder `shared/audio` beside the repository when there is one. */
export function loadVoices(): Voice[] {
  const found = new Map<string, Voice>();
  for (const manifest of [shipped, beside].filter((path) => existsSync(path))) {
    for (const voice of load(manifest)) if (!found.has(voice.file)) found.set(voice.file, voice);
  }
  return [...found.values()];
}
