import type { GraphBuilder } from './graph-builder.ts';
import { type Dense, headWidth, type Norm } from './whisper-weights.ts';

/**
 * How a matrix is stored: `float` in the type of the graph's weight file; `i8` and `i7` are int8 with one scale per output, multiplied by dynamically quantised
 * activations. `i7` keeps to ±63, because without VNNI the 16-bit sums of two u8 × s8 products saturate at ±127.
 */
export type Precision = 'float' | 'i8' | 'i7';

const limit = { i8: 127, i7: 63 } as const;
const smallest = 1e-8;
const epsilon = { float: 1e-5 };

/** x @ weightᵀ + bias. */
export function linear(g: GraphBuilder, x: string, name: string, make: () => Dense, precision: Precision): string {
  const layer = make();
  const { rows, columns, bias } = layer;
  const biasName = bias ? [g.float(`${name}.b`, [rows], () => bias)] : [];
  if (precision === 'float') {
    const weight = g.float(`${name}.w`, [columns, rows], () => transpose(layer.weight, rows, columns));
    const product = g.op('MatMul', [x, weight]);
    return bias ? g.op('Add', [product, ...biasName]) : product;
  }
  const { values, scales } = quantise(layer, limit[precision]);
  const weight = g.int8(`${name}.${precision}`, [columns, rows], transpose(values, rows, columns));
  const scale = g.float(`${name}.${precision}s`, [rows], () => scales);
  return g.op('DynamicQuantizeMatMul', [x, weight, scale, g.int8('zero', [], Int8Array.of(0)), ...biasName]);
}

/** Every token's score: the table's rows against x [batch, time, width], always in float32. */
export function tokenScores(g: GraphBuilder, x: string, make: () => Dense, precision: Precision): string {
  if (precision !== 'float') return linear(g, x, 'head', make, precision);
  const { rows, columns, weight } = make();
  // The table as `embedding` stores it: transposed, it would be the largest tensor of the model a second time.
  const table = g.float('embedding', [rows, columns], () => weight);
  return g.fromModel(g.op('FusedMatMul', [x, table], { transB: 1 }));
}

/** Rows of a table, picked by token id; quantised tables are scaled back after the pick. */
export function embedding(g: GraphBuilder, ids: string, make: () => Dense, precision: Precision): string {
  const table = make();
  const { rows, columns } = table;
  if (precision === 'float') return g.op('Gather', [g.float('embedding', [rows, columns], () => table.weight), ids]);
  const { values, scales } = quantise(table, limit.i8);
  const picked = g.op('Gather', [g.int8('embedding.i8', [rows, columns], values), ids]);
  const scale = g.op('Gather', [g.float('embedding.s', [rows], () => scales), ids]);
  return g.op('Mul', [g.op('Cast', [picked], { to: 1 }), g.op('Unsqueeze', [scale, g.int([2])])]);
}

export function layerNorm(g: GraphBuilder, x: string, name: string, layer: Norm, output?: string): string {
  const inputs = [
    x,
    g.float(`${name}.g`, [layer.gamma.length], () => layer.gamma),
    g.float(`${name}.b`, [layer.beta.length], () => layer.beta),
  ];
  if (!output) return g.op('LayerNormalization', inputs, { axis: -1, epsilon });
  g.named('LayerNormalization', inputs, [output], { axis: -1, epsilon });
  return output;
}

/** [batch, time, width] → [batch, heads, time, channels]; `keys` puts the channels before the time. */
export function splitHeads(g: GraphBuilder, x: string, heads: number, layout: 'plain' | 'keys' = 'plain'): string {
  const perm = layout === 'keys' ? [0, 2, 3, 1] : [0, 2, 1, 3];
  return g.op('Transpose', [g.op('Reshape', [x, g.int([0, 0, heads, headWidth])])], { perm });
}

export function mergeHeads(g: GraphBuilder, x: string, width: number): string {
  return g.op('Reshape', [g.op('Transpose', [x], { perm: [0, 2, 1, 3] }), g.int([0, 0, width])]);
}

export function softmax(g: GraphBuilder, x: string): string {
  return g.op('Softmax', [x], { axis: -1 });
}

export function add(g: GraphBuilder, a: string, b: string): string {
  return g.op('Add', [a, b]);
}

/** The size of one axis, as a vector of one. */
export function sizeOf(g: GraphBuilder, x: string, axis: number): string {
  return g.op('Slice', [g.op('Shape', [x]), g.int([axis]), g.int([axis + 1])]);
}

/** Symmetric, one scale per row: values in ±limit, `weight ≈ values × scale`. */
export function quantise(layer: Dense, most: number): { values: Int8Array; scales: Float32Array } {
  const { rows, columns, weight } = layer;
  const values = new Int8Array(rows * columns);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    let largest = smallest;
    for (let i = row * columns; i < (row + 1) * columns; i += 1) largest = Math.max(largest, Math.abs(weight[i] ?? 0));
    const scale = largest / most;
    scales[row] = scale;
    for (let i = row * columns; i < (row + 1) * columns; i += 1) values[i] = Math.round((weight[i] ?? 0) / scale);
  }
  return { values, scales };
}

function transpose<T extends Float32Array | Int8Array>(data: T, rows: number, columns: number): T {
  const turned = (data instanceof Int8Array ? new Int8Array(data.length) : new Float32Array(data.length)) as T;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) turned[column * rows + row] = data[row * columns + column] ?? 0;
  }
  return turned;
}
