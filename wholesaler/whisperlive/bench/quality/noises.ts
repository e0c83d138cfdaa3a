import { clicks, dice, hum, music, pinkNoise, whiteNoise } from '../../test/support/sounds.ts';

export interface Noise {
  name: string;
  make: (seconds: number) => Float32Array;
}

const sampleRate = 16_000;
const syllablesPerSecond = 4;

/** Noise with the spectrum and the rhythm of several people talking at once, and no word in it. */
function babble(seconds: number, level: number): Float32Array {
  const random = dice(5);
  const audio = new Float32Array(seconds * sampleRate);
  let [low, voiced] = [0, 0];
  for (let i = 0; i < audio.length; i += 1) {
    const t = i / sampleRate;
    low += 0.25 * (2 * random() - 1 - low);
    voiced += 0.05 * (2 * random() - 1 - voiced);
    const rhythm =
      (1 + Math.sin(2 * Math.PI * syllablesPerSecond * t)) * (1 + 0.6 * Math.sin(2 * Math.PI * 0.37 * t)) * 0.5;
    const pitch = Math.sin(2 * Math.PI * (110 + 30 * Math.sin(2 * Math.PI * 0.21 * t)) * t);
    audio[i] = level * rhythm * (2 * low + 2 * voiced + 0.15 * pitch);
  }
  return audio;
}

/** What must give no words. Levels are those of a fan, a bad line, a kitchen, and music that is played to the meeting. */
export const noises: readonly Noise[] = [
  { name: 'silence', make: (seconds) => new Float32Array(seconds * sampleRate) },
  { name: 'white noise', make: (seconds) => whiteNoise(seconds, 0.03) },
  { name: 'pink noise', make: (seconds) => pinkNoise(seconds, 0.05) },
  { name: 'hum', make: (seconds) => hum(seconds, 0.05) },
  { name: 'clicks', make: (seconds) => clicks(seconds, 0.3) },
  { name: 'modulated noise', make: (seconds) => babble(seconds, 0.2) },
  { name: 'music', make: (seconds) => music(seconds, 0.2) },
];
