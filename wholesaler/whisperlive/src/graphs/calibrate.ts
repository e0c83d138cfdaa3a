import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { encoderFeeds } from '../engine/encoder-feeds.ts';
import { createLogMel, framesPerSecond, sampleRate } from '../engine/mel.ts';
import { readWav } from '../wav.ts';
import { encoderGraph, type ObservedPoint, observedName } from './encoder-graph.ts';
import { writeModel } from './graph-builder.ts';
import type { Activations } from './smooth-weights.ts';
import { WeightFile } from './weight-file.ts';
import type { WeightSource } from './weight-source.ts';
import type { WhisperDimensions } from './whisper-weights.ts';

/** 15 s of two speakers, both recordings in the public domain: see the README beside it. */
const speech = new URL('./calibration/speech.wav', import.meta.url);

/** Runs speech through the float32 encoder once, in a folder inside `dir` that is gone afterwards. */
export async function observeActivations(
  file: WeightSource,
  dims: WhisperDimensions,
  dir: string,
): Promise<Activations> {
  const folder = join(dir, 'calibration');
  mkdirSync(folder, { recursive: true });
  try {
    const path = join(folder, 'encoder.onnx');
    {
      using weights = new WeightFile(join(folder, 'encoder.weights'));
      writeModel(path, encoderGraph(file, dims, weights, { precision: 'float', observe: true }), weights);
    }
    const session = await ort.InferenceSession.create(path, { executionProviders: ['cpu'], logSeverityLevel: 3 });
    try {
      return await observe(session, dims);
    } finally {
      await session.release();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function observe(session: ort.InferenceSession, dims: WhisperDimensions): Promise<Activations> {
  const audio = readWav(readFileSync(speech));
  const frames = 2 * Math.floor((audio.length * framesPerSecond) / sampleRate / 2);
  const features = createLogMel(dims.melBins)(audio, frames);
  const outputs = await session.run(encoderFeeds(features, dims.melBins, { positions: frames / 2, tail: [] }));
  const seen = (layer: number, point: ObservedPoint): Float32Array => {
    const data = outputs[observedName(layer, point)]?.data;
    if (!(data instanceof Float32Array)) throw new Error(`the encoder did not show ${observedName(layer, point)}`);
    return data.slice();
  };
  return Array.from({ length: dims.encoderLayers }, (_, layer) => ({
    attention: seen(layer, 'attention'),
    value: seen(layer, 'value'),
    feedForward: seen(layer, 'feedForward'),
    hidden: seen(layer, 'hidden'),
  }));
}

/** The positions of the `count` largest values, ascending. */
export function largest(values: Float32Array, count: number): number[] {
  const order = Array.from(values.keys()).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  return order.slice(0, count).toSorted((a, b) => a - b);
}
