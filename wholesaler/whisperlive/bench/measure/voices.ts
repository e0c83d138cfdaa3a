import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readWav } from '../../src/wav.ts';

/** A recording of a real voice and what is said in it. */
export interface Voice {
  file: string;
  language: string;
  seconds: number;
  reference: string;
  /** 16 kHz mono. */
  audio: Float32Array;
}

const shipped = fileURLToPath(import.meta.resolve('@vexa/shared/testing/voices/manifest.tsv'));
/** More recordings beside the repository, which not everybody has. */
const beside = join(import.meta.dirname, '../../../../../shared/audio/manifest.tsv');
const sampleRate = 16_000;

/** The shipped recordings, and those of a folder `shared/audio` beside the repository when there is one. */
export function loadVoices(): Voice[] {
  const found = new Map<string, Voice>();
  for (const manifest of [shipped, beside].filter((path) => existsSync(path))) {
    for (const voice of readManifest(manifest)) if (!found.has(voice.file)) found.set(voice.file, voice);
  }
  return [...found.values()];
}

/** Recordings with a text that Whisper can hear in one piece. */
export const shortVoices = (voices: readonly Voice[], multilingual: boolean): Voice[] =>
  voices.filter(
    ({ reference, seconds, language }) => reference && seconds < 29.9 && (multilingual || language === 'en'),
  );

function readManifest(manifest: string): Voice[] {
  const [header = '', ...rows] = readFileSync(manifest, 'utf8').trimEnd().split('\n');
  const columns = header.split('\t');
  return rows.map((row) => {
    const cells = row.split('\t');
    const cell = (name: string) => cells[columns.indexOf(name)] ?? '';
    const [plain, inClips] = ['', 'clips'].map((folder) => join(dirname(manifest), folder, cell('file')));
    const audio = readWav(readFileSync(plain && existsSync(plain) ? plain : (inClips ?? '')));
    const reference = cell('reference').trim().replaceAll(/^"|"$/g, '');
    return { file: cell('file'), language: cell('lang'), seconds: audio.length / sampleRate, reference, audio };
  });
}
