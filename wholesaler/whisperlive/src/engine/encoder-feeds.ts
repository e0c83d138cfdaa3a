import * as ort from 'onnxruntime-node';
import type { Window } from './window.ts';

/** Frames behind the window that the convolutions see of the silence, so that its samples are not those of an edge. */
const tailFrames = 8;

/** How many frames of 10 ms the encoder needs of a clip. */
export const framesOf = ({ positions, tail }: Window): number => 2 * positions + (tail.length > 0 ? tailFrames : 0);

/** The attention bias of each position of a window: log of how many it stands for. */
export function keyBias({ positions, tail }: Window): Float32Array {
  const bias = new Float32Array(positions + tail.length);
  for (const [i, { count }] of tail.entries()) bias[positions + i] = Math.log(count);
  return bias;
}

/** Inputs of `encoder.onnx`; `features` [bins, `framesOf(window)`]. */
export function encoderFeeds(features: Float32Array, melBins: number, window: Window): Record<string, ort.Tensor> {
  const { positions, tail } = window;
  const size = positions + tail.length;
  // All silence is alike behind the convolutions: one position lends its values to every sample.
  const source = BigInt64Array.from({ length: size }, (_, i) => BigInt(Math.min(i, positions)));
  const position = BigInt64Array.from({ length: size }, (_, i) => BigInt(tail[i - positions]?.position ?? i));
  return {
    input_features: new ort.Tensor('float32', features, [1, melBins, framesOf(window)]),
    source: new ort.Tensor('int64', source, [size]),
    position: new ort.Tensor('int64', position, [size]),
    key_bias: new ort.Tensor('float32', keyBias(window), [size]),
  };
}
