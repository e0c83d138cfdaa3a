import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const voicesDir = join(import.meta.dirname, '../../../../shared/src/testing/voices');
/**
 * From here on tiny.en hears the recording of Kennedy alike, whatever the silence before it; of "my fellow Americans" a few
 * samples more or less make "am i fell america".
 */
export const steadyFrom = 3.1;
export const askNot = 'Ask not what your country can do for you ask what you can do for your country';
export const jfk =
  'And so my fellow Americans ask not what your country can do for you ask what you can do for your country';

const headerBytes = 44;
const bytesPerSecond = 32_000;
const pauseSeconds = 0.8;

/** A WAV file (16 kHz, mono) of at least `atLeast` seconds: the shipped voices in turn, with pauses, and their words. */
export function longRecording(atLeast: number): { bytes: Buffer; reference: string; seconds: number } {
  const clips = readFileSync(join(voicesDir, 'manifest.tsv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
  const parts: Buffer[] = [];
  const words: string[] = [];
  let length = 0;
  for (let i = 0; length < atLeast * bytesPerSecond; i += 1) {
    const [file = '', , , , reference = ''] = clips[i % clips.length] ?? [];
    const samples = readFileSync(join(voicesDir, file)).subarray(headerBytes);
    const pause = Buffer.alloc(pauseSeconds * bytesPerSecond);
    parts.push(samples, pause);
    words.push(reference);
    length += samples.length + pause.length;
  }
  const header = Buffer.from(readFileSync(join(voicesDir, 'jfk.wav')).subarray(0, headerBytes));
  header.writeUInt32LE(36 + length, 4);
  header.writeUInt32LE(length, 40);
  return { bytes: Buffer.concat([header, ...parts]), reference: words.join(' '), seconds: length / bytesPerSecond };
}
