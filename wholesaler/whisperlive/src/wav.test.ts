import { expect, test } from 'vitest';
import { WaveFile } from 'wavefile';
import { readWav } from './wav.ts';

const wav = (channels: number, rate: number, samples: number[] | number[][]): Uint8Array => {
  const file = new WaveFile();
  file.fromScratch(channels, rate, '16', samples);
  return file.toBuffer();
};

test('samples come back between -1 and 1', () => {
  expect([...readWav(wav(1, 16_000, [0, 16_384, -32_768]))]).toEqual([0, 0.5, -1]);
});

test('another sample rate is refused with its numbers', () => {
  expect(() => readWav(wav(1, 44_100, [0]))).toThrow('44100 Hz');
});

test('a file that is no WAV is refused', () => {
  expect(() => readWav(Buffer.from('OggS and so on, long enough'))).toThrow('no WAV file');
  expect(() => readWav(new Uint8Array(3))).toThrow('no WAV file');
});
