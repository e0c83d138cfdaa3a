import { GraphBuilder, type Subgraph, value } from './graph-builder.ts';
import { add, layerNorm, linear, mergeHeads, type Precision, sizeOf, softmax, splitHeads } from './layers.ts';
import type { WeightFile } from './weight-file.ts';
import type { WeightSource } from './weight-source.ts';
import { attentionInput, dense, norm, type WhisperDimensions } from './whisper-weights.ts';

/** `input_features` [B, bins, frames (even)] → `last_hidden_state` [B, frames / 2, width]. */
export function encoderGraph(
  file: WeightSource,
  dims: WhisperDimensions,
  weights: WeightFile,
  precision: Precision,
): Subgraph {
  const g = new GraphBuilder(weights, 'm');
  let x = g.op('Transpose', [convolutions(g, file)], { perm: [0, 2, 1] });
  const positions = file.tensor('encoder/position_encodings/encodings');
  const table = g.float('positions', positions.shape, () => positions.data);
  x = add(g, x, g.op('Slice', [table, g.int([0]), sizeOf(g, x, 1), g.int([0])]));
  for (let i = 0; i < dims.encoderLayers; i += 1) x = encoderLayer(g, file, dims, x, i, precision);
  const output = layerNorm(g, x, 'norm', norm(file, 'encoder/layer_norm'), 'last_hidden_state');
  return g.finish(
    'encoder',
    [value('input_features', 'float32', ['B', dims.melBins, 'frames'])],
    [value(output, 'float32', ['B', 'ctx', dims.width])],
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
  return convolve(convolve('input_features', 'conv1', 1), 'conv2', 2);
}

function encoderLayer(
  g: GraphBuilder,
  file: WeightSource,
  { width, heads }: WhisperDimensions,
  input: string,
  i: number,
  precision: Precision,
): string {
  const from = `encoder/layer_${i}`;
  const to = (name: string): string => `${i}.${name}`;
  const normed = layerNorm(g, input, to('n1'), norm(file, `${from}/self_attention/layer_norm`));
  const qkv = linear(
    g,
    normed,
    to('qkv'),
    () => attentionInput(file, `${from}/self_attention/linear_0`, width),
    precision,
  );
  const [q = '', k = '', v = ''] = g.split('Split', [qkv, g.int([width, width, width])], 3, { axis: -1 });
  const scores = softmax(g, g.op('MatMul', [splitHeads(g, q, heads), splitHeads(g, k, heads, 'keys')]));
  const attended = mergeHeads(g, g.op('MatMul', [scores, splitHeads(g, v, heads)]), width);
  const out = linear(g, attended, to('o'), () => dense(file, `${from}/self_attention/linear_1`), precision);
  return feedForward(g, file, add(g, input, out), from, to, precision);
}

/** The two dense layers with a residual connection that end every layer, of the encoder and the decoder alike. */
export function feedForward(
  g: GraphBuilder,
  file: WeightSource,
  input: string,
  from: string,
  to: (name: string) => string,
  precision: Precision,
): string {
  const normed = layerNorm(g, input, to('n3'), norm(file, `${from}/ffn/layer_norm`));
  const hidden = g.op('Gelu', [linear(g, normed, to('f1'), () => dense(file, `${from}/ffn/linear_0`), precision)]);
  return add(
    g,
    input,
    linear(g, hidden, to('f2'), () => dense(file, `${from}/ffn/linear_1`), precision),
  );
}
