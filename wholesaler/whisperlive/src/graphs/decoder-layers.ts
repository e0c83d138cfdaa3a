import { feedForward } from './encoder-graph.ts';
import type { GraphBuilder } from './graph-builder.ts';
import { add, layerNorm, linear, mergeHeads, type Precision, softmax, splitHeads } from './layers.ts';
import type { WeightSource } from './weight-source.ts';
import { attentionInput, dense, norm, type WhisperDimensions } from './whisper-weights.ts';

export interface KeyValue {
  key: string;
  value: string;
}

/** The audio's keys [B, heads, channels, ctx] and values [B, heads, ctx, channels] of every layer, computed once per clip. */
export function crossKeyValues(
  g: GraphBuilder,
  file: WeightSource,
  { width, heads, decoderLayers }: WhisperDimensions,
  precision: Precision,
): KeyValue[] {
  const audio = g.toModel('encoder_hidden_states');
  return Array.from({ length: decoderLayers }, (_, i) => {
    const make = () => attentionInput(file, `decoder/layer_${i}/attention/linear_1`, 0);
    const both = linear(g, audio, `${i}.ckv`, make, precision);
    const [k = '', v = ''] = g.split('Split', [both, g.int([width, width])], 2, { axis: -1 });
    return { key: splitHeads(g, k, heads, 'keys'), value: splitHeads(g, v, heads) };
  });
}

export interface DecoderInput {
  x: string;
  /** One entry a layer; undefined where nothing came before. */
  past: (KeyValue | undefined)[];
  cross: KeyValue[];
  /** float32 */
  mask: string;
  /** Added to the cross-attention scores: [B, 1, 1, ctx], float32. */
  keyBias: string;
  /** Sees each layer's cross-attention scores [B, heads, S, ctx], before their softmax. */
  onScores?: (layer: number, scores: string) => void;
}

/** x [B, S, width] through all layers; also returns each layer's keys and values with the new positions appended. */
export function decoderLayers(
  g: GraphBuilder,
  file: WeightSource,
  dims: WhisperDimensions,
  input: DecoderInput,
  precision: Precision,
): { x: string; present: KeyValue[] } {
  let { x } = input;
  const mask = narrowMask(g, input.mask);
  const keyBias = narrowMask(g, input.keyBias);
  const present: KeyValue[] = [];
  for (const [i, past] of input.past.entries()) {
    const cross = input.cross[i];
    if (!cross) throw new Error(`layer ${i} has no cross attention`);
    const from = `decoder/layer_${i}`;
    const to = (name: string): string => `${i}.${name}`;
    const self = selfAttention(g, file, dims, { x, past, mask, from, to }, precision);
    present.push(self.present);
    const onScores = (scores: string): void => input.onScores?.(i, scores);
    x = crossAttention(g, file, dims, { x: self.x, cross, keyBias, from, to, onScores }, precision);
    x = feedForward(g, file, x, from, to, precision);
  }
  return { x, present };
}

/** What a float16 sum survives: with minus infinity, a row that may look nowhere would become no number at all. */
const neverInFloat16 = -1e4;

function narrowMask(g: GraphBuilder, mask: string): string {
  if (g.floatType === 'float32') return mask;
  return g.toModel(g.op('Max', [mask, g.scalar(neverInFloat16)]));
}

interface LayerNames {
  x: string;
  from: string;
  to: (name: string) => string;
}

function selfAttention(
  g: GraphBuilder,
  file: WeightSource,
  { width, heads }: WhisperDimensions,
  { x, past, mask, from, to }: LayerNames & { past: KeyValue | undefined; mask: string },
  precision: Precision,
): { x: string; present: KeyValue } {
  const normed = layerNorm(g, x, to('n1'), norm(file, `${from}/self_attention/layer_norm`));
  const make = () => attentionInput(file, `${from}/self_attention/linear_0`, width);
  const [q = '', k = '', v = ''] = g.split(
    'Split',
    [linear(g, normed, to('qkv'), make, precision), g.int([width, width, width])],
    3,
    { axis: -1 },
  );
  const [newKey, newValues] = [splitHeads(g, k, heads), splitHeads(g, v, heads)];
  const key = past ? g.op('Concat', [past.key, newKey], { axis: 2 }) : newKey;
  const values = past ? g.op('Concat', [past.value, newValues], { axis: 2 }) : newValues;
  const scores = g.op('FusedMatMul', [splitHeads(g, q, heads), key], { transB: 1 });
  const attended = mergeHeads(g, g.op('MatMul', [softmax(g, add(g, scores, mask)), values]), width);
  const out = linear(g, attended, to('o'), () => dense(file, `${from}/self_attention/linear_1`), precision);
  return { x: add(g, x, out), present: { key, value: values } };
}

interface CrossInput {
  cross: KeyValue;
  keyBias: string;
  onScores: (scores: string) => void;
}

function crossAttention(
  g: GraphBuilder,
  file: WeightSource,
  { width, heads }: WhisperDimensions,
  { x, cross, keyBias, from, to, onScores }: LayerNames & CrossInput,
  precision: Precision,
): string {
  const normed = layerNorm(g, x, to('n2'), norm(file, `${from}/attention/layer_norm`));
  const q = linear(g, normed, to('cq'), () => attentionInput(file, `${from}/attention/linear_0`, width), precision);
  const scores = add(g, g.op('MatMul', [splitHeads(g, q, heads), cross.key]), keyBias);
  onScores(scores);
  const attended = mergeHeads(g, g.op('MatMul', [softmax(g, scores), cross.value]), width);
  return add(
    g,
    x,
    linear(g, attended, to('co'), () => dense(file, `${from}/attention/linear_2`), precision),
  );
}
