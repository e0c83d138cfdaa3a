import { GraphBuilder, type Subgraph, value } from './graph-builder.ts';
import { add, layerNorm, linear, mergeHeads, type Precision, softmax, splitHeads } from './layers.ts';
import type { WeightFile } from './weight-file.ts';
import type { WeightSource } from './weight-source.ts';
import {
  attentionInput,
  type Dense,
  dense,
  norm,
  pickColumns,
  pickRows,
  type WhisperDimensions,
} from './whisper-weights.ts';

/** Points of a layer whose activations decide how it can be stored: inputs of dense layers, and the hidden units. */
export const observedPoints = ['attention', 'value', 'feedForward', 'hidden'] as const;
export type ObservedPoint = (typeof observedPoints)[number];

/** The output that carries the largest magnitude of each channel at one point. */
export const observedName = (layer: number, point: ObservedPoint): string => `largest_${layer}_${point}`;

export interface EncoderOptions {
  precision: Precision;
  /** Per layer, the feed-forward units that stay in float32 whatever the precision, ascending. */
  exactUnits?: readonly (readonly number[])[];
  /** Adds an output for every observed point of every layer. */
  observe?: boolean;
}

interface EncoderLayer {
  index: number;
  precision: Precision;
  exactUnits: readonly number[];
  keyBias: string;
  observe: (point: ObservedPoint, x: string) => void;
}

/**
 * Inputs: `input_features` [B, bins, frames (even)]; `source` [ctx], which of the frames / 2 positions behind the
 * convolutions are taken, in this order; `position` [ctx], the place of each in the 30 s; `key_bias` [ctx], added to the
 * attention scores of each as a key. Output: `last_hidden_state` [B, ctx, width].
 */
export function encoderGraph(
  file: WeightSource,
  dims: WhisperDimensions,
  weights: WeightFile,
  { precision, exactUnits = [], observe = false }: EncoderOptions,
): Subgraph {
  const g = new GraphBuilder(weights, 'm');
  const observed: string[] = [];
  let x = g.op('Transpose', [convolutions(g, file)], { perm: [0, 2, 1] });
  const positions = file.tensor('encoder/position_encodings/encodings');
  const table = g.float('positions', positions.shape, () => positions.data);
  x = add(g, g.op('Gather', [x, 'source'], { axis: 1 }), g.op('Gather', [table, 'position'], { axis: 0 }));
  const keyBias = g.toModel('key_bias');
  for (let index = 0; index < dims.encoderLayers; index += 1) {
    x = encoderLayer(g, file, dims, x, {
      index,
      precision,
      keyBias,
      exactUnits: exactUnits[index] ?? [],
      observe: (point, at) => {
        if (!observe) return;
        const name = observedName(index, point);
        g.named('ReduceMax', [g.op('Abs', [at])], [name], { axes: [0, 1], keepdims: 0 });
        observed.push(name);
      },
    });
  }
  const output = 'last_hidden_state';
  const last = norm(file, 'encoder/layer_norm');
  if (g.floatType === 'float32') layerNorm(g, x, 'norm', last, output);
  else g.fromModel(layerNorm(g, x, 'norm', last), output);
  return g.finish(
    'encoder',
    [
      value('input_features', 'float32', ['B', dims.melBins, 'frames']),
      value('source', 'int64', ['ctx']),
      value('position', 'int64', ['ctx']),
      value('key_bias', 'float32', ['ctx']),
    ],
    [
      value(output, 'float32', ['B', 'ctx', dims.width]),
      ...observed.map((name) => value(name, 'float32', ['channels'])),
    ],
  );
}

function convolutions(g: GraphBuilder, file: WeightSource): string {
  const convolve = (input: string, name: string, stride: number): string => {
    const weight = file.tensor(`encoder/${name}/weight`);
    const bias = file.tensor(`encoder/${name}/bias`);
    const inputs = [
      input,
      g.float(`${name}.w`, weight.shape, () => weight.data),
      g.float(`${name}.b`, bias.shape, () => bias.data),
    ];
    return g.op('Gelu', [g.op('Conv', inputs, { pads: [1, 1], kernel_shape: [3], strides: [stride] })]);
  };
  return convolve(convolve(g.toModel('input_features'), 'conv1', 1), 'conv2', 2);
}

function encoderLayer(
  g: GraphBuilder,
  file: WeightSource,
  { width, heads }: WhisperDimensions,
  input: string,
  { index, precision, exactUnits, keyBias, observe }: EncoderLayer,
): string {
  const from = `encoder/layer_${index}`;
  const to = (name: string): string => `${index}.${name}`;
  const normed = layerNorm(g, input, to('n1'), norm(file, `${from}/self_attention/layer_norm`));
  observe('attention', normed);
  const qkv = linear(
    g,
    normed,
    to('qkv'),
    () => attentionInput(file, `${from}/self_attention/linear_0`, width),
    precision,
  );
  const [q = '', k = '', v = ''] = g.split('Split', [qkv, g.int([width, width, width])], 3, { axis: -1 });
  observe('value', v);
  const scores = add(g, g.op('MatMul', [splitHeads(g, q, heads), splitHeads(g, k, heads, 'keys')]), keyBias);
  const attended = mergeHeads(g, g.op('MatMul', [softmax(g, scores), splitHeads(g, v, heads)]), width);
  const out = linear(g, attended, to('o'), () => dense(file, `${from}/self_attention/linear_1`), precision);
  const middle = add(g, input, out);
  const second = layerNorm(g, middle, to('n3'), norm(file, `${from}/ffn/layer_norm`));
  observe('feedForward', second);
  const inner = dense(file, `${from}/ffn/linear_0`);
  const outer = dense(file, `${from}/ffn/linear_1`);
  if (exactUnits.length === 0) {
    return add(
      g,
      middle,
      hiddenUnits(g, second, to, inner, outer, precision, (at) => observe('hidden', at)),
    );
  }
  // The layer is a sum over its hidden units, so the few of large activation can take a way of their own.
  const exact = hiddenUnits(
    g,
    second,
    (name) => to(`${name}x`),
    pickRows(inner, exactUnits),
    { ...pickColumns(outer, exactUnits), bias: undefined },
    'float',
  );
  const rest = Array.from({ length: inner.rows }, (_, unit) => unit).filter((unit) => !exactUnits.includes(unit));
  const others = hiddenUnits(g, second, to, pickRows(inner, rest), pickColumns(outer, rest), precision);
  return add(g, add(g, middle, exact), others);
}

/** The two dense layers with a residual connection that end every layer of the decoder. */
export function feedForward(
  g: GraphBuilder,
  file: WeightSource,
  input: string,
  from: string,
  to: (name: string) => string,
  precision: Precision,
): string {
  const normed = layerNorm(g, input, to('n3'), norm(file, `${from}/ffn/layer_norm`));
  const inner = dense(file, `${from}/ffn/linear_0`);
  return add(g, input, hiddenUnits(g, normed, to, inner, dense(file, `${from}/ffn/linear_1`), precision));
}

function hiddenUnits(
  g: GraphBuilder,
  x: string,
  to: (name: string) => string,
  inner: Dense,
  outer: Dense,
  precision: Precision,
  observe?: (hidden: string) => void,
): string {
  const hidden = g.op('Gelu', [linear(g, x, to('f1'), () => inner, precision)]);
  observe?.(hidden);
  return linear(g, hidden, to('f2'), () => outer, precision);
}
