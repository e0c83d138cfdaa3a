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

/**
 * Greedy decoding as one graph. Inputs: `encoder_hidden_states` [B, ctx, width], `prompt_ids` [B, P], `start_index` [1]
 * (where in the prompt the transcript begins: the no-speech probability is read there), `max_new_tokens` [B], `bias` and
 * `bias_first` [V], added to the scores of every and of the first step. Outputs: `tokens` [B, N] (rows that end early
 * are filled with the end token), `sum_logprob` [B], `no_speech_prob` [B].
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
  const zeros = g.op('ConstantOfShape', [batch], { value: { zero: 'float32' } });
  const notDone = g.op('Cast', [zeros], { to: boolType });
  const trips = g.op('ReduceMax', ['max_new_tokens'], { keepdims: 0 });
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
      value('prompt_ids', 'int64', ['B', 'P']),
      value('start_index', 'int64', [1]),
      value('max_new_tokens', 'int64', ['B']),
      value('bias', 'float32', [dims.vocabulary]),
      value('bias_first', 'float32', [dims.vocabulary]),
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
  const positions = b.op('Slice', ['positions', 'pos', end, b.int([0])]);
  const embedded = add(b, embedding(b, 'tok', table, precision), positions);
  const mask = causalMask(b, end);
  const { x, present } = decoderLayers(b, file, dims, { x: embedded, past, cross, mask }, precision);
  const wanted = layerNorm(b, firstAndLast(b, x, count), 'norm', norm(file, 'decoder/layer_norm'));
  const logits = tokenScores(b, wanted, table, precision);
  endStep(b, logits, tokens);
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

/** 0 where a position may look, `never` where it would look ahead: [S, t]. */
function causalMask(b: GraphBuilder, end: string): string {
  const squeezed = (x: string): string => b.op('Squeeze', [x, b.int([0])]);
  const last = squeezed(end);
  const rows = b.op('Unsqueeze', [b.op('Range', [squeezed('pos'), last, b.int(1)]), b.int([1])]);
  const columns = b.op('Unsqueeze', [b.op('Range', [b.int(0), last, b.int(1)]), b.int([0])]);
  return b.op('Where', [b.op('Greater', [columns, rows]), b.scalar(never), b.scalar(0)]);
}

/** The hidden states at `start_index` and at the last position of the prefill; the single one of a later step. */
function firstAndLast(b: GraphBuilder, x: string, count: string): string {
  const lastIndex = b.op('Sub', [count, b.int([1])]);
  const start = b.op('Min', ['start_index', lastIndex]);
  const step = b.op('Max', [b.op('Sub', [lastIndex, start]), b.int([1])]);
  return b.op('Slice', [x, start, count, b.int([1]), step]);
}

/** From logits [B, 1 | 2, V] to the next token, the sums, and whether every row is done. */
function endStep(b: GraphBuilder, logits: string, tokens: GraphTokens): void {
  const first = b.op('Equal', ['it', b.int(0)]);
  const last = b.op('Gather', [logits, b.int(-1)], { axis: 1 });
  const choice = (input: string): Subgraph => {
    const branch = new GraphBuilder(b.weights, `c_${input}`);
    branch.named('Identity', [input], [`c_${input}`]);
    return branch.finish(input, [], [value(`c_${input}`, 'float32', ['V'])]);
  };
  const bias = b.op('If', [first], {
    then_branch: { graph: choice('bias_first') },
    else_branch: { graph: choice('bias') },
  });
  const scores = add(b, last, bias);
  const best = b.op('ArgMax', [scores], { axis: 1, keepdims: 0 });
  const most = b.op('ReduceMax', [scores], { axes: [1], keepdims: 1 });
  const weightsSum = b.op('ReduceSum', [b.op('Exp', [b.op('Sub', [scores, most])]), b.int([1])], { keepdims: 0 });
  const logprob = b.op('Neg', [b.op('Log', [weightsSum])]);
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
