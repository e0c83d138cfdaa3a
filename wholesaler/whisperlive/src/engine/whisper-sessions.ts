import * as ort from 'onnxruntime-node';
import type { ModelFiles } from '../models/model-files.ts';
import { alignOptions, alignWith } from './align-session.ts';
import type { Encoded, WhisperModel } from './decode.ts';
import { type Compute, explainDevice, sessionOptions } from './device.ts';
import { createLogMel } from './mel.ts';
import { loadTokenizer } from './tokenizer.ts';

class HiddenStates implements Encoded {
  readonly tensor: ort.Tensor;

  constructor(tensor: ort.Tensor) {
    this.tensor = tensor;
  }

  dispose(): void {
    this.tensor.dispose();
  }
}

/** Loads the graphs into ONNX Runtime. */
export async function loadWhisper(files: ModelFiles, compute: Compute): Promise<WhisperModel> {
  const options = sessionOptions(compute);
  const load = (path: string, how = options): Promise<ort.InferenceSession> =>
    ort.InferenceSession.create(path, how).catch((error: unknown) => {
      throw explainDevice(compute.device, error);
    });
  const encoder = await load(files.encoder);
  const generator = await load(files.generate);
  const align = alignWith(() => load(files.align, alignOptions(options)));
  const { melBins, vocabulary } = files.dimensions;
  return {
    multilingual: files.multilingual,
    tokenizer: loadTokenizer(files, vocabulary),
    features: createLogMel(melBins),
    align: (encoded, input) => align(hiddenStates(encoded), input),
    encode: async (features, frames) => {
      const input = new ort.Tensor('float32', features, [1, melBins, frames]);
      return new HiddenStates(output(await encoder.run({ input_features: input }), 'last_hidden_state'));
    },
    generate: async (encoded, { promptIds, startIndex, maxNewTokens, bias, biasFirst }) => {
      const outputs = await generator.run({
        encoder_hidden_states: hiddenStates(encoded),
        prompt_ids: integers(promptIds, [1, promptIds.length]),
        start_index: integers([startIndex], [1]),
        max_new_tokens: integers([maxNewTokens], [1]),
        bias: new ort.Tensor('float32', bias, [vocabulary]),
        bias_first: new ort.Tensor('float32', biasFirst, [vocabulary]),
      });
      return {
        tokens: numbers(output(outputs, 'tokens')),
        sumLogprob: numbers(output(outputs, 'sum_logprob'))[0] ?? 0,
        noSpeechProbability: numbers(output(outputs, 'no_speech_prob'))[0] ?? 0,
      };
    },
  };
}

function hiddenStates(encoded: Encoded): ort.Tensor {
  if (!(encoded instanceof HiddenStates)) throw new TypeError('these hidden states come from another model');
  return encoded.tensor;
}

const integers = (values: number[], dims: number[]): ort.Tensor =>
  new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);

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
