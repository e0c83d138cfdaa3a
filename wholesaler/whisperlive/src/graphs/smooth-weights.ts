import { type ObservedPoint, observedPoints } from './encoder-graph.ts';
import type { Matrix, WeightSource } from './weight-source.ts';
import type { WhisperDimensions } from './whisper-weights.ts';

/** Per encoder layer and point, the largest magnitude of each channel while speech went through. */
export type Activations = Record<ObservedPoint, Float32Array>[];

/** How much of the difficulty moves from the activations into the weights; measured best for Whisper's encoder. */
const alpha = 0.65;
const leastActivation = 1e-3;
const leastWeight = 1e-5;

type Change = (tensor: Matrix) => void;

/**
 * SmoothQuant (Xiao et al. 2023): the encoder's same function with channels of like size, so that int8 with one scale
 * per tensor loses little. What a dense layer's input channels are divided by, in the layer norm or the values before
 * it, its weights are multiplied with.
 */
export class SmoothWeights implements WeightSource {
  readonly #source: WeightSource;
  readonly #changes = new Map<string, Change[]>();

  constructor(source: WeightSource, dims: WhisperDimensions, activations: Activations) {
    this.#source = source;
    for (let i = 0; i < dims.encoderLayers; i += 1) {
      const seen = activations[i];
      if (!seen || observedPoints.some((point) => seen[point].length === 0)) throw new Error(`layer ${i} was not seen`);
      this.#smooth(`encoder/layer_${i}`, dims.width, seen);
    }
  }

  has(name: string): boolean {
    return this.#source.has(name);
  }

  shape(name: string): number[] {
    return this.#source.shape(name);
  }

  layers(side: 'encoder' | 'decoder'): number {
    return this.#source.layers(side);
  }

  describe(name: string): string {
    return this.#source.describe(name);
  }

  tensor(name: string): Matrix {
    const tensor = this.#source.tensor(name);
    for (const change of this.#changes.get(name) ?? []) change(tensor);
    return tensor;
  }

  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]();
  }

  #smooth(layer: string, width: number, seen: Record<ObservedPoint, Float32Array>): void {
    const input = `${layer}/self_attention/linear_0`;
    const output = `${layer}/self_attention/linear_1`;
    const values = this.#scales(`${output}/weight`, seen.value);
    this.#afterNorm(`${layer}/self_attention/layer_norm`, input, seen.attention);
    this.#add(`${input}/weight`, ({ data }) => divideRows(data, width, 2 * width, values));
    this.#add(`${input}/bias`, ({ data }) => divideRows(data, 1, 2 * width, values));
    this.#add(`${output}/weight`, ({ data }) => multiplyColumns(data, values));
    this.#afterNorm(`${layer}/ffn/layer_norm`, `${layer}/ffn/linear_0`, seen.feedForward);
  }

  #afterNorm(normName: string, denseName: string, seen: Float32Array): void {
    const scales = this.#scales(`${denseName}/weight`, seen);
    const inverse = scales.map((scale) => 1 / scale);
    this.#add(`${normName}/gamma`, ({ data }) => multiplyColumns(data, inverse));
    this.#add(`${normName}/beta`, ({ data }) => multiplyColumns(data, inverse));
    this.#add(`${denseName}/weight`, ({ data }) => multiplyColumns(data, scales));
  }

  #add(name: string, change: Change): void {
    this.#changes.set(name, [...(this.#changes.get(name) ?? []), change]);
  }

  /** One per input channel of a dense layer, with a geometric mean of 1. */
  #scales(weightName: string, activations: Float32Array): Float32Array {
    const weights = largestByColumn(this.#source.tensor(weightName).data, activations.length);
    const logs = Float64Array.from(
      activations,
      (activation, i) =>
        alpha * Math.log(Math.max(activation, leastActivation)) -
        (1 - alpha) * Math.log(Math.max(weights[i] ?? 0, leastWeight)),
    );
    const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
    return Float32Array.from(logs, (log) => Math.exp(log - mean));
  }
}

function largestByColumn(data: Float32Array, columns: number): Float32Array {
  const largest = new Float32Array(columns);
  for (let i = 0; i < data.length; i += 1) {
    largest[i % columns] = Math.max(largest[i % columns] ?? 0, Math.abs(data[i] ?? 0));
  }
  return largest;
}

function multiplyColumns(data: Float32Array, scales: Float32Array): void {
  for (let i = 0; i < data.length; i += 1) data[i] = (data[i] ?? 0) * (scales[i % scales.length] ?? 1);
}

/** Divides the rows from `first` on, `columns` wide, each by its scale. */
function divideRows(data: Float32Array, columns: number, first: number, scales: Float32Array): void {
  for (const [row, scale] of scales.entries()) {
    const at = (first + row) * columns;
    for (let i = at; i < at + columns; i += 1) data[i] = (data[i] ?? 0) / scale;
  }
}
