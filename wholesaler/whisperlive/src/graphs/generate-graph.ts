import { crossKeyValues, decoderLayers, type KeyValue } from './decoder-layers.ts';
import { GraphBuilder, type Subgraph, value } from './graph-builder.ts';
import { add, embedding, layerNorm, type Precision, sizeOf, softmax, tokenScores } from './layers.ts';
import type { WeightFile } from './weight-file.ts';
import type { WeightSource } from './weight-source.ts';
import { type Dense, dense, headWidth, norm, type WhisperDimensions } from './whisper-weights.ts';

/** Token ids the graph itself must know. */
export interface GraphTokens {
  end: number;
  noSpeech: number;
}

const boolType = 9;
const int32Type = 6;
/** Far below any score, and still a number that a float32 sum survives. */
const never = -1e9;

/** Entries of the noise table: rows of the vocabulary are read from it at shifted places. */
export const noiseLength = 2 ** 17;
/** How far the place moves with each step; odd, so that no place comes back within a transcript. */
const noiseStride = 7919;

/**
 * Decoding of a batch as one graph. Inputs:
 * - `encoder_hidden_states` [B, ctx, width]; `key_bias` [B, 1, 1, ctx], added to the scores of each position of the audio
 *   (rows of fewer positions are filled up with some of a bias that hides them);
 * - `prompt_ids` [B, P], shorter ones filled up at their left with any ids; `padding` [B], how many those are;
 * - `start_index` [B]: where in the filled prompt the transcript begins; the no-speech probability is read there;
 * - `max_new_tokens` [B];
 * - `bias` [V] and `bias_first` [B, V], added to the scores of every and of the first step;
 * - `temperature` [B] and `noise_start` [B]: above 0, tokens are sampled, as argmax(scores + temperature x Gumbel noise);
 *   the noise is a table, read from `noise_start` on, so that the same inputs give the same tokens.
 * Outputs: `tokens` [B, N] (rows that end early are filled with the end token), `sum_logprob` [B] (of the tokens chosen,
 * at temperature 1), `no_speech_prob` [B].
 *
 * Prefill and steps share one loop body, so the decoder is stored once; keys and values of the audio are computed
 * outside the loop, and only tokens and probabilities leave the graph.
 */
export function generateGraph(
  file: WeightSource,
  dims: WhisperDimensions,
  weights: WeightFile,
  precision: Precision,
  tokens: GraphTokens,
): Subgraph {
  const g = new GraphBuilder(weights, 'm');
  const cross = crossKeyValues(g, file, dims, precision);
  const positions = file.tensor('decoder/position_encodings/encodings');
  g.float('positions', positions.shape, () => positions.data);
  const batch = sizeOf(g, 'prompt_ids', 0);
  const emptyShape = g.op('Concat', [batch, g.int([dims.heads, 0, headWidth])], { axis: 0 });
  const empty = g.op('ConstantOfShape', [emptyShape], { value: { zero: g.floatType } });
  const zeros = 'nothing';
  g.named('ConstantOfShape', [batch], [zeros], { value: { zero: 'float32' } });
  const notDone = g.op('Cast', [zeros], { to: boolType });
  const trips = g.op('ReduceMax', ['max_new_tokens'], { keepdims: 0 });
  g.named('Greater', [g.op('ReduceMax', ['temperature'], { keepdims: 0 }), g.scalar(0)], ['sampling']);
  const past = Array.from({ length: 2 * dims.decoderLayers }, () => empty);
  const body = loopBody(new GraphBuilder(weights, 'b'), { file, dims, precision, tokens, cross });
  g.named(
    'Loop',
    [trips, g.boolean(true), 'prompt_ids', notDone, g.int([0]), zeros, zeros, ...past],
    ['l_tok', 'l_done', 'l_pos', 'sum_logprob', 'no_speech_prob', ...past.map((_, i) => `l_kv${i}`), 'l_tokens'],
    { body: { graph: body } },
  );
  g.named('Transpose', ['l_tokens'], ['tokens'], { perm: [1, 0] });
  return g.finish(
    'generate',
    [
      value('encoder_hidden_states', 'float32', ['B', 'ctx', dims.width]),
      value('key_bias', 'float32', ['B', 1, 1, 'ctx']),
      value('prompt_ids', 'int64', ['B', 'P']),
      value('padding', 'int64', ['B']),
      value('start_index', 'int64', ['B']),
      value('max_new_tokens', 'int64', ['B']),
      value('bias', 'float32', [dims.vocabulary]),
      value('bias_first', 'float32', ['B', dims.vocabulary]),
      value('temperature', 'float32', ['B']),
      value('noise_start', 'int64', ['B']),
    ],
    [
      value('tokens', 'int64', ['B', 'N']),
      value('sum_logprob', 'float32', ['B']),
      value('no_speech_prob', 'float32', ['B']),
    ],
  );
}

interface BodyParts {
  file: WeightSource;
  dims: WhisperDimensions;
  precision: Precision;
  tokens: GraphTokens;
  cross: KeyValue[];
}

function loopBody(b: GraphBuilder, { file, dims, precision, tokens, cross }: BodyParts): Subgraph {
  const past = cross.map((_, i) => ({ key: `pk${i}`, value: `pv${i}` }));
  const count = sizeOf(b, 'tok', 1);
  const end = add(b, 'pos', count);
  const table = (): Dense => ({ ...dense(file, 'decoder/embeddings'), bias: undefined });
  const first = b.op('Equal', ['it', b.int(0)]);
  const { places, mask } = placesAndMask(b, end);
  const embedded = add(b, embedding(b, 'tok', table, precision), b.op('Gather', ['positions', places], { axis: 0 }));
  const input = { x: embedded, past, cross, mask, keyBias: 'key_bias' };
  const { x, present } = decoderLayers(b, file, dims, input, precision);
  const wanted = layerNorm(b, startAndLast(b, x, first, dims.width), 'norm', norm(file, 'decoder/layer_norm'));
  const logits = tokenScores(b, wanted, table, precision);
  endStep(b, logits, first, { tokens, vocabulary: dims.vocabulary });
  b.named('Identity', [end], ['pos_o']);
  const cache = (time: string, name: string) => value(name, b.floatType, ['B', dims.heads, time, headWidth]);
  const state = (suffix: string, tokenCount: string) => [
    value(`tok${suffix}`, 'int64', ['B', tokenCount]),
    value(`done${suffix}`, 'bool', ['B']),
    value(`pos${suffix}`, 'int64', [1]),
    value(`slp${suffix}`, 'float32', ['B']),
    value(`nsp${suffix}`, 'float32', ['B']),
  ];
  // The loop's count and condition must be 0-d: the runtime reads garbage from vectors of one.
  return b.finish(
    'step',
    [
      value('it', 'int64', []),
      value('c_in', 'bool', []),
      ...state('', 'S'),
      ...past.flatMap(({ key, value: v }) => [cache('t', key), cache('t', v)]),
    ],
    [
      value('c_o', 'bool', []),
      ...state('_o', 'S2'),
      ...present.flatMap(({ key, value: v }) => [cache('t2', key), cache('t2', v)]),
      value('scan', 'int64', ['B']),
    ],
  );
}

/**
 * For the columns `pos` to `end` of the filled prompts: `places` [B, S], the position of each in its own row, and `mask`
 * [B, 1, S, t], 0 where a column may look, `never` where it would look ahead or at filling.
 */
function placesAndMask(b: GraphBuilder, end: string): { places: string; mask: string } {
  const squeezed = (x: string): string => b.op('Squeeze', [x, b.int([0])]);
  const last = squeezed(end);
  const rows = b.op('Range', [squeezed('pos'), last, b.int(1)]);
  const columns = b.op('Range', [b.int(0), last, b.int(1)]);
  const filling = b.op('Unsqueeze', ['padding', b.int([1])]);
  const places = b.op('Max', [b.op('Sub', [rows, filling]), b.int(0)]);
  const ahead = b.op('Greater', [columns, b.op('Unsqueeze', [rows, b.int([1])])]);
  const filled = b.op('Less', [columns, b.op('Unsqueeze', ['padding', b.int([1, 2, 3])])]);
  return { places, mask: b.op('Where', [b.op('Or', [ahead, filled]), b.scalar(never), b.scalar(0)]) };
}

/** The hidden states at `start_index` and at the last position of the prefill [B, 2, width]; later the last [B, 1, width]. */
function startAndLast(b: GraphBuilder, x: string, first: string, width: number): string {
  const last = b.op('Slice', [x, b.int([-1]), b.int([2 ** 31]), b.int([1])]);
  const both = new GraphBuilder(b.weights, 'sl');
  const start = both.op('GatherND', [x, both.op('Unsqueeze', ['start_index', both.int([1])])], { batch_dims: 1 });
  both.named('Concat', [both.op('Unsqueeze', [start, both.int([1])]), last], ['sl_both'], { axis: 1 });
  const one = new GraphBuilder(b.weights, 'lo');
  one.named('Identity', [last], ['lo_last']);
  return b.op('If', [first], {
    then_branch: { graph: both.finish('both', [], [value('sl_both', b.floatType, ['B', 2, width])]) },
    else_branch: { graph: one.finish('last', [], [value('lo_last', b.floatType, ['B', 1, width])]) },
  });
}

interface StepParts {
  tokens: GraphTokens;
  vocabulary: number;
}

/** From logits [B, 1 | 2, V] to the next token, the sums, and whether every row is done. */
function endStep(b: GraphBuilder, logits: string, first: string, { tokens, vocabulary }: StepParts): void {
  const last = b.op('Gather', [logits, b.int(-1)], { axis: 1 });
  const biased = (bias: string): Subgraph => {
    const branch = new GraphBuilder(b.weights, `c_${bias}`);
    branch.named('Add', [last, bias], [`c_${bias}`]);
    return branch.finish(bias, [], [value(`c_${bias}`, 'float32', ['B', 'V'])]);
  };
  const scores = b.op('If', [first], {
    then_branch: { graph: biased('bias_first') },
    else_branch: { graph: biased('bias') },
  });
  const most = b.op('ReduceMax', [scores], { axes: [1], keepdims: 1 });
  const weightsSum = b.op('ReduceSum', [b.op('Exp', [b.op('Sub', [scores, most])]), b.int([1])], { keepdims: 0 });
  const { best, below } = choose(b, scores, most, vocabulary);
  const logprob = b.op('Sub', [below, b.op('Log', [weightsSum])]);
  const next = b.op('Where', ['done', b.int(tokens.end), best]);
  b.named('Add', ['slp', b.op('Where', ['done', b.scalar(0), logprob])], ['slp_o']);
  noSpeech(b, logits, first, tokens.noSpeech);
  const ended = b.op('Or', ['done', b.op('Equal', [next, b.int(tokens.end)])]);
  const spent = b.op('GreaterOrEqual', [add(b, 'it', b.int(1)), 'max_new_tokens']);
  b.named('Or', [ended, spent], ['done_o']);
  const open = b.op('Cast', [b.op('Not', ['done_o'])], { to: int32Type });
  b.named('Cast', [b.op('ReduceMax', [open], { keepdims: 0 })], ['c_o'], { to: boolType });
  b.named('Unsqueeze', [next, b.int([1])], ['tok_o']);
  b.named('Identity', [next], ['scan']);
}

/** The token of each row [B], and by how much its score is below the highest [B]; the `If` keeps greedy steps free of noise. */
function choose(b: GraphBuilder, scores: string, most: string, vocabulary: number): { best: string; below: string } {
  const n = new GraphBuilder(b.weights, 'sa');
  const table = n.float32('noise', [noiseLength], gumbelNoise);
  const moved = n.op('Add', ['noise_start', n.op('Mul', ['it', n.int(noiseStride)])]);
  const start = n.op('Mod', [moved, n.int(noiseLength - vocabulary)]);
  const places = n.op('Add', [
    n.op('Unsqueeze', [start, n.int([1])]),
    n.op('Range', [n.int(0), n.int(vocabulary), n.int(1)]),
  ]);
  const noise = n.op('Mul', [n.op('Gather', [table, places]), n.op('Unsqueeze', ['temperature', n.int([1])])]);
  n.named('ArgMax', [n.op('Add', [scores, noise])], ['sa_best'], { axis: 1, keepdims: 0 });
  const chosen = n.op('GatherElements', [scores, n.op('Unsqueeze', ['sa_best', n.int([1])])], { axis: 1 });
  n.named('Squeeze', [n.op('Sub', [chosen, most]), n.int([1])], ['sa_below']);
  const l = new GraphBuilder(b.weights, 'gr');
  l.named('ArgMax', [scores], ['gr_best'], { axis: 1, keepdims: 0 });
  l.named('Identity', ['nothing'], ['gr_below']);
  const outputs = (prefix: string) => [
    value(`${prefix}_best`, 'int64', ['B']),
    value(`${prefix}_below`, 'float32', ['B']),
  ];
  const [best = '', below = ''] = b.split('If', ['sampling'], 2, {
    then_branch: { graph: n.finish('sample', [], outputs('sa')) },
    else_branch: { graph: l.finish('greedy', [], outputs('gr')) },
  });
  return { best, below };
}

/** Gumbel noise, -log(-log(u)), of a fixed sequence of pseudo-random numbers (mulberry32). */
function gumbelNoise(): Float32Array {
  let state = 1;
  return Float32Array.from({ length: noiseLength }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    const u = (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
    return -Math.log(-Math.log(u));
  });
}

/** Read in the prefill only: the `If` keeps a softmax over the vocabulary out of every later step. */
function noSpeech(b: GraphBuilder, logits: string, first: string, token: number): void {
  const read = new GraphBuilder(b.weights, 'ns');
  const probabilities = softmax(read, read.op('Gather', [logits, read.int(0)], { axis: 1 }));
  read.named('Gather', [probabilities, read.int(token)], ['ns_read'], { axis: 1 });
  const keep = new GraphBuilder(b.weights, 'nk');
  keep.named('Identity', ['nsp'], ['ns_kept']);
  b.named('If', [first], ['nsp_o'], {
    then_branch: { graph: read.finish('read', [], [value('ns_read', 'float32', ['B'])]) },
    else_branch: { graph: keep.finish('keep', [], [value('ns_kept', 'float32', ['B'])]) },
  });
}
