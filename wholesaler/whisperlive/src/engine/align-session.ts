import * as ort from 'onnxruntime-node';
import type { Alignment } from './attention.ts';
import type { AlignInput } from './word-times.ts';

/**
 * Options for `align.onnx`, which runs once a final: its weights are read from the file that the generate graph maps
 * too, without a second, packed copy in memory, and what a run took is given back after it.
 */
export function alignOptions(options: ort.InferenceSession.SessionOptions): ort.InferenceSession.SessionOptions {
  const session = { ...(options.extra?.session ?? {}), disable_prepacking: '1' };
  return { ...options, enableCpuMemArena: false, extra: { ...options.extra, session } };
}

/** Runs `align.onnx`, which `load` opens when it is first needed. */
export function alignWith(
  load: () => Promise<ort.InferenceSession>,
): (hiddenStates: ort.Tensor, keyBias: ort.Tensor, input: AlignInput) => Promise<Alignment> {
  let opened: Promise<ort.InferenceSession> | undefined;
  return async (hiddenStates, keyBias, { tokens, first, positions }) => {
    opened ??= load();
    // A failed start is not kept, so that the next clip tries again.
    opened.catch(() => {
      opened = undefined;
    });
    const { attention, probabilities } = await (await opened).run({
      encoder_hidden_states: hiddenStates,
      key_bias: keyBias,
      tokens: new ort.Tensor('int64', BigInt64Array.from(tokens, BigInt), [1, tokens.length]),
      first: new ort.Tensor('int64', BigInt64Array.of(BigInt(first)), [1]),
      audio_positions: new ort.Tensor('int64', BigInt64Array.of(BigInt(positions)), [1]),
    });
    if (!(attention instanceof ort.Tensor && probabilities instanceof ort.Tensor)) {
      throw new TypeError('the align graph gave no attention or no probabilities');
    }
    const [, heads = 0, rows = 0, columns = 0] = attention.dims;
    return { attention: floats(attention), heads, rows, positions: columns, probabilities: floats(probabilities) };
  };
}

function floats({ data, type }: ort.Tensor): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new TypeError(`the align graph gave ${type} instead of float32`);
}
