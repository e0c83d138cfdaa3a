import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encoderFeeds } from '../src/engine/encoder-feeds.ts';
import { createLogMel } from '../src/engine/mel.ts';
import { observeActivations } from '../src/graphs/calibrate.ts';
import { type EncoderOptions, encoderGraph } from '../src/graphs/encoder-graph.ts';
import { writeModel } from '../src/graphs/graph-builder.ts';
import { checkWeights, openWeights } from '../src/graphs/open-weights.ts';
import { SmoothWeights } from '../src/graphs/smooth-weights.ts';
import { WeightFile } from '../src/graphs/weight-file.ts';
import type { WeightSource } from '../src/graphs/weight-source.ts';
import { ensureModel } from '../src/models/ensure-model.ts';
import { readWav } from '../src/wav.ts';
import { modelsDir } from './support/models-dir.ts';
import { voicesDir } from './support/recordings.ts';

const frames = 1000;
let dir: string;
let plain: WeightSource;
let smooth: WeightSource;
let original: Float32Array;
let exactUnits: number[][];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vexa-precision-'));
  plain = openWeights((await ensureModel('tiny.en', { modelsDir })).dir);
  const dims = checkWeights(plain);
  const activations = await observeActivations(plain, dims, dir);
  smooth = new SmoothWeights(plain, dims, activations);
  const threshold = (hidden: Float32Array) => hidden.toSorted().at(-64) ?? 0;
  exactUnits = activations.map(({ hidden }) => [...hidden.keys()].filter((i) => (hidden[i] ?? 0) >= threshold(hidden)));
  original = await encode(plain, { precision: 'float' });
}, 300_000);
afterAll(async () => {
  plain[Symbol.dispose]();
  await rm(dir, { recursive: true });
});

/** The hidden states of a clip that was not used to observe. */
async function encode(source: WeightSource, options: EncoderOptions): Promise<Float32Array> {
  const dims = checkWeights(source);
  const path = join(dir, 'encoder.onnx');
  {
    using weights = new WeightFile(join(dir, 'encoder.weights'));
    writeModel(path, encoderGraph(source, dims, weights, options), weights);
  }
  const session = await ort.InferenceSession.create(path, { executionProviders: ['cpu'] });
  const features = createLogMel(dims.melBins)(readWav(await readFile(join(voicesDir, 'pv-en.wav'))), frames);
  const feeds = encoderFeeds(features, dims.melBins, { positions: frames / 2, tail: [] });
  const data = (await session.run(feeds)).last_hidden_state?.data;
  await session.release();
  if (!(data instanceof Float32Array)) throw new TypeError('no hidden states');
  return data.slice();
}

function relativeError(found: Float32Array): number {
  let difference = 0;
  let size = 0;
  for (const [i, value] of original.entries()) {
    difference += (value - (found[i] ?? 0)) ** 2;
    size += value ** 2;
  }
  return Math.sqrt(difference / size);
}

test('smoothing the weights does not change what the encoder computes', async () => {
  expect(relativeError(await encode(smooth, { precision: 'float' }))).toBeLessThan(1e-3);
});

test('units kept exact give the same sum as a whole layer', async () => {
  expect(relativeError(await encode(plain, { precision: 'float', exactUnits }))).toBeLessThan(1e-4);
});

test('8 bits stay near float32 when smoothed and with exact units, nearer than plain ones', async () => {
  const error = relativeError(await encode(smooth, { precision: 'i8', exactUnits }));
  expect(error).toBeLessThan(0.08);
  expect(relativeError(await encode(plain, { precision: 'i8' }))).toBeGreaterThan(error);
});
