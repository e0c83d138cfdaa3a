import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readWav } from '../wav.ts';
import { loadVoiceDetector, type VoiceDetector, vadWindow } from './silero.ts';

let voices: Awaited<ReturnType<typeof loadVoiceDetector>>;
let speech: Float32Array;

beforeAll(async () => {
  voices = await loadVoiceDetector();
  const file = fileURLToPath(import.meta.resolve('@vexa/shared/testing/voices/sb-spk1_snt1.wav'));
  speech = readWav(await readFile(file));
});

afterAll(() => voices?.[Symbol.asyncDispose]());

async function probabilities(voice: VoiceDetector, audio: Float32Array): Promise<number[]> {
  const all: number[] = [];
  for (let at = 0; at + vadWindow <= audio.length; at += vadWindow) {
    all.push(await voice.probability(audio.slice(at, at + vadWindow)));
  }
  return all;
}

const voiced = (all: number[]) => all.filter((probability) => probability > 0.5).length;

test('most of a spoken sentence is voice, nothing of silence is', async () => {
  const spoken = await probabilities(voices.create(), speech);
  expect(voiced(spoken) / spoken.length).toBeGreaterThan(0.6);
  expect(voiced(await probabilities(voices.create(), new Float32Array(16_000)))).toBe(0);
});

test('a voice after a long muted time is heard as soon as without it', async () => {
  const alone = await probabilities(voices.create(), speech);
  const unmuted = voices.create();
  await probabilities(unmuted, new Float32Array(vadWindow * 300));
  const after = await probabilities(unmuted, speech);
  expect(after.findIndex((p) => p > 0.5)).toBe(alone.findIndex((p) => p > 0.5));
});

test('streams that are listened to at once do not disturb each other', async () => {
  const [alone] = await Promise.all([probabilities(voices.create(), speech)]);
  const [beside] = await Promise.all([
    probabilities(voices.create(), speech),
    probabilities(voices.create(), speech.toReversed()),
  ]);
  expect(beside).toEqual(alone);
});
