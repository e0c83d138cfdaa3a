import * as ort from 'onnxruntime-node';
import type { ModelFiles } from '../models/model-files.ts';
import { alignOptions, alignWith } from './align-session.ts';
import { Batcher } from './batcher.ts';
import type { Encoded, Generated, WhisperModel } from './decode.ts';
import { type Compute, explainDevice, sessionOptions } from './device.ts';
import { encoderFeeds, keyBias } from './encoder-feeds.ts';
import { generateFeeds, type Row } from './generate-batch.ts';
import { createLogMel } from './mel.ts';
import { withSeconds } from './stage-times.ts';
import { loadTokenizer } from './tokenizer.ts';

/** What the encoder made of one window. */
class HiddenStates implements Encoded {
  /** [1, size, width] */
  readonly tensor: ort.Tensor;
  readonly keyBias: Float32Array;
  seconds = 0;

  constructor(tensor: ort.Tensor, bias: Float32Array) {
    this.tensor = tensor;
    this.keyBias = bias;
  }

  dispose(): void {
    this.tensor.dispose();
  }
}

export interface WhisperEvents {
  /** A batch of so many rows is about to be decoded. */
  onBatch?: (rows: number) => void;
}

/**
 * Loads the graphs into ONNX Runtime. The model may be used by many jobs at once: calls of the encoder take turns, and
 * rows that wait at the same time are decoded as one batch.
 */
export async function loadWhisper(
  files: ModelFiles,
  compute: Compute,
  { onBatch }: WhisperEvents = {},
): Promise<WhisperModel> {
  const options = sessionOptions(compute);
  const load = (path: string, how = options): Promise<ort.InferenceSession> =>
    ort.InferenceSession.create(path, how).catch((error: unknown) => {
      throw explainDevice(compute.device, error);
    });
  const encoder = await load(files.encoder);
  const generator = await load(files.generate);
  const align = alignWith(() => load(files.align, alignOptions(options)));
  const { melBins, vocabulary, width } = files.dimensions;
  const tokenizer = loadTokenizer(files, vocabulary);
  const batcher = new Batcher<Row>(
    async (rows) => {
      const feeds = generateFeeds(rows, { bias: tokenizer.bias, width });
      const { outputs, seconds } = await withSeconds(async () => ({ outputs: await generator.run(feeds) }));
      return rowsOf(outputs, rows.length).map((row) => ({ ...row, seconds }));
    },
    onBatch ? { onBatch } : {},
  );
  return {
    multilingual: files.multilingual,
    attentionLag: files.attentionLag,
    tokenizer,
    align: (encoded, input) => {
      const { tensor, keyBias: bias } = own(encoded);
      const keys = new ort.Tensor('float32', bias, [1, 1, 1, bias.length]);
      return batcher.alone(() => withSeconds(() => align(tensor, keys, input)));
    },
    features: createLogMel(melBins),
    encode: (features, window) =>
      batcher.alone(() =>
        withSeconds(async () => {
          const outputs = await encoder.run(encoderFeeds(features, melBins, window));
          return new HiddenStates(output(outputs, 'last_hidden_state'), keyBias(window));
        }),
      ),
    generate: (encoded, input) => {
      const { tensor, keyBias: bias } = own(encoded);
      return batcher.generate({
        row: { ...input, hiddenStates: floats(tensor), keyBias: bias },
        size: bias.length,
      });
    },
  };
}

/** Parts the outputs of a batch into its rows. */
function rowsOf(outputs: Record<string, ort.OnnxValue>, count: number): Omit<Generated, 'seconds'>[] {
  const tokens = numbers(output(outputs, 'tokens'));
  const sums = numbers(output(outputs, 'sum_logprob'));
  const silences = numbers(output(outputs, 'no_speech_prob'));
  const length = tokens.length / count;
  return Array.from({ length: count }, (_, i) => ({
    tokens: tokens.slice(i * length, (i + 1) * length),
    sumLogprob: sums[i] ?? 0,
    noSpeechProbability: silences[i] ?? 0,
  }));
}

function own(encoded: Encoded): HiddenStates {
  if (!(encoded instanceof HiddenStates)) throw new TypeError('these hidden states come from another model');
  return encoded;
}

function floats({ data, type }: ort.Tensor): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new TypeError(`the encoder gave ${type} instead of float32`);
}

const numbers = (tensor: ort.Tensor): number[] => {
  const { data } = tensor;
  if (data instanceof BigInt64Array || data instanceof Float32Array) return Array.from(data, Number);
  throw new TypeError(`unexpected output type ${tensor.type}`);
};

function output(outputs: Record<string, ort.OnnxValue>, name: string): ort.Tensor {
  const tensor = outputs[name];
  if (!(tensor instanceof ort.Tensor)) throw new TypeError(`the graph gave no ${name}`);
  return tensor;
}
