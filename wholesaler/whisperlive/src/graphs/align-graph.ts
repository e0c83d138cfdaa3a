import { crossKeyValues, decoderLayers } from './decoder-layers.ts';
import { GraphBuilder, type Subgraph, value } from './graph-builder.ts';
import { add, embedding, layerNorm, type Precision, sizeOf, softmax, tokenScores } from './layers.ts';
import type { WeightFile } from './weight-file.ts';
import type { WeightSource } from './weight-source.ts';
import { type Dense, dense, norm, type WhisperDimensions } from './whisper-weights.ts';

/** Layer and head of the decoder. */
export type Head = readonly [layer: number, head: number];

export interface AlignOptions {
  precision: Precision;
  /** The heads whose cross-attention follows the audio. */
  heads: readonly Head[];
  /** The first id that is no text: probabilities are among the ids before it. */
  end: number;
}

/** Far below any score, and still a number that a float32 sum survives. */
const never = -1e9;

/**
 * What the decoder looks at while it is told what to write. Inputs: `encoder_hidden_states` [B, ctx, width], `key_bias`
 * [B, 1, 1, ctx] (added to the scores of each position of the audio), `tokens`
 * [B, T] (start, language and task, no-timestamps, the text, end), `first` [1] (the index of the no-timestamps token,
 * from which on a row predicts text), `audio_positions` [1] (how many of the encoder's positions are audio and no padding).
 * Outputs: `attention` [B, heads, T, positions], whose rows sum to 1, and `probabilities` [B, T - first - 2] of the text's
 * tokens. All of its large weights are those of the generate graph, in the same file.
 */
export function alignGraph(
  file: WeightSource,
  dims: WhisperDimensions,
  weights: WeightFile,
  { precision, heads, end }: AlignOptions,
): Subgraph {
  const g = new GraphBuilder(weights, 'a');
  const cross = crossKeyValues(g, file, dims, precision);
  const table = (): Dense => ({ ...dense(file, 'decoder/embeddings'), bias: undefined });
  const positions = file.tensor('decoder/position_encodings/encodings');
  g.float('positions', positions.shape, () => positions.data);
  const count = sizeOf(g, 'tokens', 1);
  const places = g.op('Slice', ['positions', g.int([0]), count, g.int([0])]);
  const attention: string[] = [];
  const onScores = (layer: number, scores: string): void => {
    const picked = heads.filter(([from]) => from === layer).map(([, head]) => head);
    if (picked.length === 0) return;
    const among = g.op('Gather', [scores, g.int(picked)], { axis: 1 });
    // Silence after the clip must take no share of the attention, nor be pointed at.
    attention.push(softmax(g, g.fromModel(g.op('Slice', [among, g.int([0]), 'audio_positions', g.int([3])]))));
  };
  const { x } = decoderLayers(
    g,
    file,
    dims,
    {
      x: add(g, embedding(g, 'tokens', table, precision), places),
      past: cross.map(() => undefined),
      cross,
      mask: lookBack(g, count),
      keyBias: 'key_bias',
      onScores,
    },
    precision,
  );
  if (attention.length === 0) throw new Error('none of the alignment heads is in the decoder');
  g.named('Concat', attention, ['attention'], { axis: 1 });
  const text = layerNorm(g, part(g, x, 'first', g.int([-2])), 'norm', norm(file, 'decoder/layer_norm'));
  const logits = tokenScores(g, text, table, precision);
  const chances = softmax(g, g.op('Slice', [logits, g.int([0]), g.int([end]), g.int([2])]));
  const written = part(g, 'tokens', g.op('Add', ['first', g.int([1])]), g.int([-1]));
  const chosen = g.op('GatherElements', [chances, g.op('Unsqueeze', [written, g.int([2])])], { axis: 2 });
  g.named('Squeeze', [chosen, g.int([2])], ['probabilities']);
  return g.finish(
    'align',
    [
      value('encoder_hidden_states', 'float32', ['B', 'ctx', dims.width]),
      value('key_bias', 'float32', ['B', 1, 1, 'ctx']),
      value('tokens', 'int64', ['B', 'T']),
      value('first', 'int64', [1]),
      value('audio_positions', 'int64', [1]),
    ],
    [value('attention', 'float32', ['B', heads.length, 'T', 'P']), value('probabilities', 'float32', ['B', 'N'])],
  );
}

const part = (g: GraphBuilder, x: string, from: string, to: string): string => g.op('Slice', [x, from, to, g.int([1])]);

/** 0 where a position may look, `never` where it would look ahead: [T, T]. */
function lookBack(g: GraphBuilder, count: string): string {
  const places = g.op('Range', [g.int(0), g.op('Squeeze', [count, g.int([0])]), g.int(1)]);
  const [rows, columns] = [g.op('Unsqueeze', [places, g.int([1])]), g.op('Unsqueeze', [places, g.int([0])])];
  return g.op('Where', [g.op('Greater', [columns, rows]), g.scalar(never), g.scalar(0)]);
}
