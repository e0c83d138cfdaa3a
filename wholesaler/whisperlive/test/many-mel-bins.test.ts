import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeClip, type WhisperModel } from '../src/engine/decode.ts';
import { loadWhisper } from '../src/engine/whisper-sessions.ts';
import { ensureModel } from '../src/models/ensure-model.ts';
import { importModel } from '../src/models/import-model.ts';
import type { ModelFiles } from '../src/models/model-files.ts';
import { readWav } from '../src/wav.ts';
import { modelsDir as sharedDir } from './support/models-dir.ts';
import { toyDimensions, writeToyModel } from './support/toy-model.ts';

let root: string;
let files: ModelFiles;
let model: WhisperModel;
let audio: Float32Array;
beforeAll(async () => {
  const { tokenizer } = await ensureModel('tiny.en', { modelsDir: sharedDir });
  root = await mkdtemp(join(tmpdir(), 'vexa-toy-'));
  writeToyModel(join(root, 'toy'), tokenizer);
  files = await importModel({ folder: join(root, 'toy'), name: 'toy', modelsDir: join(root, 'models') });
  model = await loadWhisper(files, { device: 'cpu', threads: 2 });
  audio = readWav(await readFile(join(import.meta.dirname, '../../../shared/src/testing/voices/jfk.wav')));
}, 300_000);
afterAll(() => rm(root, { recursive: true, force: true }));

test('a checkpoint of 128 mel bins and a hundred languages becomes graphs of those shapes', () => {
  expect(files.multilingual).toBe(true);
  expect(files.dimensions).toEqual(toyDimensions);
});

test('its graphs load, run and end, and detect one of its hundred languages', async () => {
  const result = await decodeClip(model, { audio, language: null, task: 'transcribe' });
  expect(model.tokenizer.languages.size).toBe(100);
  expect(model.tokenizer.languages.get('yue')).toBe(50_358);
  expect(model.tokenizer.languages.has(result.language)).toBe(true);
  expect(result.tokens.length).toBeGreaterThan(0);
  expect(Number.isFinite(result.averageLogprob)).toBe(true);
  expect(result.noSpeechProbability).toBeGreaterThan(0);
});

test('128 bins cover the same spectrum twice as finely as 64 would: each of them hears something of a noise', () => {
  const noise = Float32Array.from({ length: 32_000 }, (_, i) => Math.sin(i * i * 0.618) * 0.5);
  const frames = 200;
  const features = model.features(noise, frames);
  expect(features).toHaveLength(128 * frames);
  const floor = Math.min(...features);
  for (let bin = 0; bin < 128; bin += 1) {
    const row = features.subarray(bin * frames + 10, bin * frames + 190);
    expect(Math.max(...row)).toBeGreaterThan(floor);
  }
});
