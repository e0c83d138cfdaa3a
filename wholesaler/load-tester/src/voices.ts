import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import wavefile from 'wavefile';

/** A recording of a real voice and what is said in it. */
export interface Voice {
  file: string;
  language: string;
  seconds: number;
  reference: string;
  /** 16 kHz mono. */
  audio: Float32Array;
}

const sampleRate = 16_000;
/** The manifest of the recordings that come with the product. */
export const shippedVoices = fileURLToPath(import.meta.resolve('@vexa/shared/testing/voices/manifest.tsv'));
/** More recordings beside the repository, which not everybody has. */
const beside = fileURLToPath(new URL('../../../../shared/audio/manifest.tsv', import.meta.url));

/** The shipped recordings, and with `more` those of a folder `shared/audio` beside the repository when there is one. */
export function availableVoices({ more = true } = {}): Voice[] {
  const found = new Map<string, Voice>();
  for (const manifest of [shippedVoices, ...(more && existsSync(beside) ? [beside] : [])]) {
    for (const voice of loadVoices(manifest)) if (!found.has(voice.file)) found.set(voice.file, voice);
  }
  return [...found.values()];
}

/** The recordings of `manifest.tsv` (columns file, lang, reference), which lie beside it or in its folder `clips`. */
export function loadVoices(manifest: string): Voice[] {
  const [header = '', ...rows] = readFileSync(manifest, 'utf8').trimEnd().split('\n');
  const columns = header.split('\t');
  return rows.map((row) => {
    const cells = row.split('\t');
    const cell = (name: string) => cells[columns.indexOf(name)] ?? '';
    const [plain, inClips] = ['', 'clips'].map((folder) => join(dirname(manifest), folder, cell('file')));
    const audio = readSamples(readFileSync(plain && existsSync(plain) ? plain : (inClips ?? '')));
    const reference = cell('reference').trim().replaceAll(/^"|"$/g, '');
    return { file: cell('file'), language: cell('lang'), seconds: audio.length / sampleRate, reference, audio };
  });
}

/** Recordings with a text that Whisper can hear in one piece. */
export const shortVoices = (voices: readonly Voice[], multilingual: boolean): Voice[] =>
  voices.filter(
    ({ reference, seconds, language }) => reference && seconds < 29.9 && (multilingual || language === 'en'),
  );

/** Whisper writes figures, which cannot be told from words that were not shown. */
const numbers = /\b(one|two|three|four|five|six|seven|eight|nine|ten|thirteen|eighteen|thirty|zero)\b/i;

/** English sentences of a single speaker that are no single word, because a word has no draft. */
export const speakable = (voices: readonly Voice[]): Voice[] =>
  shortVoices(voices, false).filter(
    ({ seconds, file, reference }) => seconds >= 1.5 && !file.startsWith('ami-') && !numbers.test(reference),
  );

function readSamples(bytes: Uint8Array): Float32Array {
  const wav = new wavefile.WaveFile(bytes);
  wav.toBitDepth('16');
  wav.toSampleRate(sampleRate);
  const samples = wav.getSamples(false, Int16Array) as unknown as Int16Array | Int16Array[];
  const mono = Array.isArray(samples) ? (samples[0] ?? new Int16Array()) : samples;
  return Float32Array.from(mono, (sample) => sample / 32_768);
}
