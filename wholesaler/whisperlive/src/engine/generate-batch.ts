import * as ort from 'onnxruntime-node';
import type { GenerateInput } from './decode.ts';

/** One row of a batch: hidden states [size, width] of one clip, the bias of its positions, and what to decode. */
export interface Row extends GenerateInput {
  hiddenStates: Float32Array;
  keyBias: Float32Array;
}

/** Hides the positions that fill up a row of fewer than the batch has. */
const hidden = -1e9;

/** Inputs of `generate.onnx` for rows of any sizes and prompts of any lengths; `bias` [vocabulary] holds for all rows. */
export function generateFeeds(
  rows: readonly Row[],
  { bias, width }: { bias: Float32Array; width: number },
): Record<string, ort.Tensor> {
  const batch = rows.length;
  const size = Math.max(...rows.map(({ keyBias }) => keyBias.length));
  const longest = Math.max(...rows.map(({ promptIds }) => promptIds.length));
  const states = new Float32Array(batch * size * width);
  const keyBias = new Float32Array(batch * size).fill(hidden);
  const prompts = new BigInt64Array(batch * longest);
  const biasFirst = new Float32Array(batch * bias.length);
  for (const [i, row] of rows.entries()) {
    states.set(row.hiddenStates, i * size * width);
    keyBias.set(row.keyBias, i * size);
    prompts.set(BigInt64Array.from(row.promptIds, BigInt), (i + 1) * longest - row.promptIds.length);
    biasFirst.set(row.biasFirst, i * bias.length);
  }
  const padding = rows.map(({ promptIds }) => longest - promptIds.length);
  return {
    encoder_hidden_states: new ort.Tensor('float32', states, [batch, size, width]),
    key_bias: new ort.Tensor('float32', keyBias, [batch, 1, 1, size]),
    prompt_ids: new ort.Tensor('int64', prompts, [batch, longest]),
    padding: integers(padding),
    start_index: integers(rows.map(({ startIndex }, i) => startIndex + (padding[i] ?? 0))),
    max_new_tokens: integers(rows.map(({ maxNewTokens }) => maxNewTokens)),
    bias: new ort.Tensor('float32', bias, [bias.length]),
    bias_first: new ort.Tensor('float32', biasFirst, [batch, bias.length]),
    temperature: new ort.Tensor(
      'float32',
      Float32Array.from(rows, ({ temperature }) => temperature),
      [batch],
    ),
    noise_start: integers(rows.map(({ noiseStart }) => noiseStart)),
  };
}

const integers = (values: number[]): ort.Tensor =>
  new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]);
