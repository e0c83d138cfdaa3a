import { readFile } from 'node:fs/promises';
import wavefile from 'wavefile';
import { sampleRate } from './pcm-pacer.ts';

/** Reads a WAV file as 16 kHz mono 16-bit samples; other rates and channels are converted. */
export async function readWav(path: string): Promise<Int16Array> {
  const wav = new wavefile.WaveFile(await readFile(path));
  const { sampleRate: rate } = wav.fmt as { sampleRate: number };
  wav.toBitDepth('16');
  if (rate !== sampleRate) wav.toSampleRate(sampleRate);
  // Typed as one Float64Array, but is a list of them when there is more than one channel.
  const samples = wav.getSamples(false) as unknown as Float64Array | Float64Array[];
  const channels = Array.isArray(samples) ? samples : [samples];
  const length = channels[0]?.length ?? 0;
  return Int16Array.from({ length }, (_, index) =>
    Math.round(channels.reduce((sum, channel) => sum + (channel[index] ?? 0), 0) / channels.length),
  );
}
