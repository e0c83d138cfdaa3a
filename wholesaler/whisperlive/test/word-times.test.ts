import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { normaliseWords } from '@vexa/shared/testing/word-error-rate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, startEngine, type TranscribeResult } from '../src/engine/engine.ts';
import { readWav } from '../src/wav.ts';
import { modelsDir } from './support/models-dir.ts';
import { voicesDir } from './support/recordings.ts';

const rate = 16_000;
const clips = readFileSync(join(voicesDir, 'manifest.tsv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t'))
  .map(([file = '', , , , reference = '']) => ({ file, reference }));

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine({ model: 'tiny.en', modelsDir, device: 'cpu', threads: 2 });
}, 300_000);
afterAll(() => engine[Symbol.asyncDispose]());

const clip = (file: string): Float32Array => readWav(readFileSync(join(voicesDir, file)));
const timed = (audio: Float32Array): Promise<TranscribeResult> =>
  engine.transcribe({ audio, language: 'en', task: 'transcribe', wordTimes: true });

/** The part of a clip from its first to its last sound, which is louder than 3 % of the loudest. */
function spoken(audio: Float32Array): Float32Array {
  const loudest = audio.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  const loud = (sample: number): boolean => Math.abs(sample) > 0.03 * loudest;
  return audio.subarray(audio.findIndex(loud), audio.findLastIndex(loud) + 1);
}

test('words of real voices are in order, inside the clip, and add up to the text', { timeout: 120_000 }, async () => {
  for (const { file } of clips) {
    const audio = clip(file);
    const { text, tokens, words } = await timed(audio);
    expect(
      words
        .map((word) => word.text)
        .join('')
        .trim(),
    ).toBe(text);
    expect(words.flatMap((word) => word.tokens)).toEqual(tokens);
    let past = 0;
    for (const { start = -1, end = -1, probability = -1 } of words) {
      expect(start).toBeGreaterThanOrEqual(past);
      expect(end).toBeGreaterThanOrEqual(start);
      expect(probability).toBeGreaterThan(0);
      expect(probability).toBeLessThanOrEqual(1);
      past = end;
    }
    expect(past).toBeLessThanOrEqual(audio.length / rate);
    expect(words.reduce((sum, { probability = 0 }) => sum + probability, 0) / words.length).toBeGreaterThan(0.5);
  }
});

test('after a known silence a word begins where it is heard', { timeout: 120_000 }, async () => {
  const errors: number[] = [];
  for (const [i, { file, reference }] of clips.entries()) {
    const next = clips[(i + 1) % clips.length];
    if (!next || file === 'jfk.wav' || next.file === 'jfk.wav') continue;
    const silence = 0.5 + (i % 4) / 2;
    const [first, second] = [spoken(clip(file)), spoken(clip(next.file))];
    const audio = new Float32Array(first.length + silence * rate + second.length + rate);
    audio.set(first);
    const onset = first.length + silence * rate;
    audio.set(second, onset);
    const { words } = await timed(audio);
    const opening = normaliseWords(next.reference)[0];
    const after = normaliseWords(reference).length;
    // The second reference begins about there; a word heard otherwise is not looked for.
    const found = words.findIndex(({ text }, at) => normaliseWords(text)[0] === opening && Math.abs(at - after) <= 3);
    if (found < 0) continue;
    errors.push(
      Math.abs((words[found]?.start ?? 0) - onset / rate),
      Math.abs((words[found - 1]?.end ?? 0) - first.length / rate),
    );
  }
  const sorted = errors.toSorted((a, b) => a - b);
  expect(errors.length).toBeGreaterThan(12);
  expect(sorted[Math.floor(0.5 * errors.length)]).toBeLessThan(0.1);
  expect(sorted[Math.floor(0.9 * errors.length)]).toBeLessThan(0.3);
});
