import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, startEngine } from '../src/engine/engine.ts';
import { defaultModelsDir } from '../src/models/models-dir.ts';
import { loadVoiceDetector, type VoiceDetector, vadWindow } from '../src/vad/silero.ts';
import { hear } from './support/hear.ts';
import { clicks, hum, joined, music, pinkNoise, whiteNoise } from './support/sounds.ts';

/** All sounds together; ten minutes are the promise, two tell most of it. */
const minutes = Number(process.env.NOISE_MINUTES ?? 2);
const seconds = (minutes * 60) / 6;

const sounds: [string, (seconds: number) => Float32Array][] = [
  ['silence', (s) => new Float32Array(s * 16_000)],
  ['white noise', (s) => joined(whiteNoise(s / 2, 0.01), whiteNoise(s / 2, 0.3))],
  ['pink noise', (s) => joined(pinkNoise(s / 2, 0.05), pinkNoise(s / 2, 0.5))],
  ['hum', (s) => hum(s, 0.2)],
  ['music', (s) => joined(music(s / 2, 0.2), music(s / 2, 0.8))],
  ['knocks', (s) => clicks(s, 0.5)],
];

let engine: Engine;
let voices: Awaited<ReturnType<typeof loadVoiceDetector>>;

beforeAll(async () => {
  engine = await startEngine({ model: 'tiny.en', modelsDir: defaultModelsDir(), threads: availableParallelism() });
  voices = await loadVoiceDetector();
}, 180_000);

afterAll(async () => {
  await voices?.[Symbol.asyncDispose]();
  await engine?.[Symbol.asyncDispose]();
});

test.each(sounds)('%s gives no words', { timeout: 600_000 }, async (_name, sound) => {
  expect(await hear(sound(seconds), { engine, voice: voices.create() })).toEqual([]);
});

test.each(sounds)('%s gives no final words even where the voice detector is fooled by it', async (_name, sound) => {
  let window = 0;
  const fooled: VoiceDetector = {
    probability: async () => {
      window += 1;
      return window < (1.5 * 16_000) / vadWindow ? 0.9 : 0;
    },
  };
  const heard = await hear(sound(3), { engine, voice: fooled });
  expect(heard.filter(({ completed, text }) => completed && text !== '')).toEqual([]);
});
