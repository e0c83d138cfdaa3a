import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectedShapes } from '../../src/graphs/weight-names.ts';
import { headWidth, type WhisperDimensions } from '../../src/graphs/whisper-weights.ts';
import { checkpoint, writeJson } from './hugging-face-folder.ts';
import { writeCt2 } from './write-ct2.ts';
import { type TestTensor, writeSafetensors } from './write-safetensors.ts';

/** large-v3 in small: 128 mel bins and a hundred languages. */
export const toyDimensions: WhisperDimensions = {
  ...{ width: 64, heads: 1, encoderLayers: 2, decoderLayers: 1 },
  ...{ vocabulary: 51_866, melBins: 128 },
};
/** tiny.en in small. */
const englishDimensions: WhisperDimensions = {
  ...{ width: 128, heads: 2, encoderLayers: 1, decoderLayers: 2 },
  ...{ vocabulary: 51_864, melBins: 80 },
};

/** Small pseudo-random numbers, the same in every run, that 16 bits hold exactly. */
function noise(shape: number[], seed: number): TestTensor {
  let state = seed + 1;
  const data = new Float16Array(shape.reduce((product, size) => product * size, 1)).map(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32 - 0.5) / 4;
  });
  return { shape, data: new Float32Array(data) };
}

/** Untrained weights under CTranslate2's names; its keys have a bias of zeros, which other formats leave out. */
function toyTensors(dims: WhisperDimensions): Map<string, TestTensor> {
  const tensors = new Map<string, TestTensor>();
  for (const [name, shape] of expectedShapes(dims)) tensors.set(name, noise(shape, tensors.size));
  for (const [name, { data }] of tensors) {
    if (name.endsWith('/self_attention/linear_0/bias')) data.fill(0, dims.width, 2 * dims.width);
    if (name.endsWith('/attention/linear_1/bias')) data.fill(0, 0, dims.width);
  }
  return tensors;
}

/** An English model in CTranslate2's form, with the tokenizer and configuration of a real one. */
export function writeToyCt2(folder: string, english: string): void {
  mkdirSync(folder, { recursive: true });
  writeCt2(join(folder, 'model.bin'), toyTensors(englishDimensions));
  const decoding = JSON.parse(readFileSync(join(english, 'config.json'), 'utf8'));
  writeJson(join(folder, 'config.json'), { ...decoding, alignment_heads: [[1, 1]] });
  writeFileSync(join(folder, 'tokenizer.json'), readFileSync(join(english, 'tokenizer.json')));
}

/** `toyDimensions` as safetensors. */
export function writeToyModel(folder: string, englishTokenizer: string): void {
  mkdirSync(folder, { recursive: true });
  const { width, encoderLayers, decoderLayers, vocabulary, melBins } = toyDimensions;
  writeSafetensors(join(folder, 'model.safetensors'), checkpoint(toyTensors(toyDimensions)), 'F16');
  writeJson(join(folder, 'config.json'), {
    model_type: 'whisper',
    d_model: width,
    encoder_layers: encoderLayers,
    decoder_layers: decoderLayers,
    encoder_attention_heads: width / headWidth,
    vocab_size: vocabulary,
    num_mel_bins: melBins,
  });
  writeFileSync(join(folder, 'tokenizer.json'), hundredLanguages(readFileSync(englishTokenizer, 'utf8')));
}

/** The special tokens' numbers of large-v3: one later than in English models, two from the hundredth language on. */
function hundredLanguages(tokenizer: string): string {
  const json = JSON.parse(tokenizer);
  const tokens: { id: number; content: string }[] = json.added_tokens;
  const afterLanguages = tokens.findIndex(({ content }) => content === '<|translate|>');
  const moved = tokens.map((token, i) => ({ ...token, id: token.id + (i < afterLanguages ? 1 : 2) }));
  const cantonese = { ...tokens[afterLanguages], id: (tokens[afterLanguages]?.id ?? 0) + 1, content: '<|yue|>' };
  json.added_tokens = moved.toSpliced(afterLanguages, 0, cantonese);
  return JSON.stringify(json);
}
