import type { Matrix, WeightSource } from './weight-source.ts';

export interface WhisperDimensions {
  width: number;
  heads: number;
  encoderLayers: number;
  decoderLayers: number;
  vocabulary: number;
  melBins: number;
}

/** A dense layer: `x @ weightᵀ + bias`, weight `[rows, columns]` row by row. */
export interface Dense {
  rows: number;
  columns: number;
  weight: Float32Array;
  bias: Float32Array | undefined;
}

export interface Norm {
  gamma: Float32Array;
  beta: Float32Array;
}

/** The channels of one attention head in every Whisper model. */
export const headWidth = 64;

export function dimensionsOf(file: WeightSource): WhisperDimensions {
  const [vocabulary = 0, width = 0] = file.shape('decoder/embeddings/weight');
  return {
    width,
    heads: width / headWidth,
    encoderLayers: file.layers('encoder'),
    decoderLayers: file.layers('decoder'),
    vocabulary,
    melBins: file.shape('encoder/conv1/weight')[1] ?? 0,
  };
}

export function norm(file: WeightSource, name: string): Norm {
  return { gamma: file.tensor(`${name}/gamma`).data, beta: file.tensor(`${name}/beta`).data };
}

export function dense(file: WeightSource, name: string): Dense {
  const weight = matrix(file.tensor(`${name}/weight`));
  return { ...weight, bias: file.has(`${name}/bias`) ? file.tensor(`${name}/bias`).data : undefined };
}

/**
 * A dense layer whose first `scaledRows` rows are the query: they carry attention's 1/√width, so that the graph needs
 * no multiplication. A missing bias (Whisper's key has none) becomes zeros.
 */
export function attentionInput(file: WeightSource, name: string, scaledRows: number): Dense {
  const layer = dense(file, name);
  const bias = layer.bias ?? new Float32Array(layer.rows);
  const scale = headWidth ** -0.5;
  for (let i = 0; i < scaledRows * layer.columns; i += 1) layer.weight[i] = (layer.weight[i] ?? 0) * scale;
  for (let i = 0; i < scaledRows; i += 1) bias[i] = (bias[i] ?? 0) * scale;
  return { ...layer, bias };
}

/** The layer with these of its outputs only. */
export function pickRows({ columns, weight, bias }: Dense, rows: readonly number[]): Dense {
  const picked = new Float32Array(rows.length * columns);
  for (const [i, row] of rows.entries()) picked.set(weight.subarray(row * columns, (row + 1) * columns), i * columns);
  return {
    rows: rows.length,
    columns,
    weight: picked,
    bias: bias && Float32Array.from(rows, (row) => bias[row] ?? 0),
  };
}

/** The layer with these of its inputs only. */
export function pickColumns({ rows, columns, weight, bias }: Dense, picked: readonly number[]): Dense {
  const kept = new Float32Array(rows * picked.length);
  for (let row = 0; row < rows; row += 1) {
    for (const [i, column] of picked.entries()) kept[row * picked.length + i] = weight[row * columns + column] ?? 0;
  }
  return { rows, columns: picked.length, weight: kept, bias };
}

function matrix(tensor: Matrix): { rows: number; columns: number; weight: Float32Array } {
  const [rows = 0, columns = 0] = tensor.shape;
  return { rows, columns, weight: tensor.data };
}
