import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A recorded sentence: 16 kHz mono WAV, and the words that are spoken in it. */
export interface Clip {
  path: string;
  seconds: number;
  reference: string;
}

const shippedManifest = fileURLToPath(import.meta.resolve('@vexa/shared/testing/voices/manifest.tsv'));

/** Reads the clips that came with the product, or those of another folder with the same kind of manifest. */
export async function readClips(manifest = shippedManifest): Promise<Map<string, Clip>> {
  const [header = '', ...rows] = (await readFile(manifest, 'utf8')).trimEnd().split('\n');
  const columns = header.split('\t');
  const folder = dirname(manifest);
  return new Map(
    rows.map((row) => {
      const cells = row.split('\t');
      const cell = (name: string) => cells[columns.indexOf(name)] ?? '';
      const clip = { path: join(folder, cell('file')), seconds: Number(cell('seconds')), reference: cell('reference') };
      return [cell('file'), clip];
    }),
  );
}
