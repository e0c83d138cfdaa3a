import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeJson } from './hugging-face-folder.ts';
import { type TestTensor, writeSafetensors } from './write-safetensors.ts';

const width = 64;
const vocabulary = 51_866;
const melBins = 128;
export const toyLayers = { encoder: 2, decoder: 1 };

/** Small pseudo-random numbers, the same in every run. */
function noise(shape: number[], seed: number): TestTensor {
  let state = seed + 1;
  const data = Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32 - 0.5) / 4;
  });
  return { shape, data };
}

/** large-v3 in small: 128 mel bins and a hundred languages, but one head and untrained weights. */
export function writeToyModel(folder: string, englishTokenizer: string): void {
  mkdirSync(folder, { recursive: true });
  const tensors = new Map<string, TestTensor>();
  const put = (name: string, ...shape: number[]): void => void tensors.set(`model.${name}`, noise(shape, tensors.size));
  const dense = (name: string, rows: number, columns: number): void => {
    put(`${name}.weight`, rows, columns);
    if (!name.endsWith('k_proj')) put(`${name}.bias`, rows);
  };
  const norm = (name: string): void => {
    put(`${name}.weight`, width);
    put(`${name}.bias`, width);
  };
  put('encoder.conv1.weight', width, melBins, 3);
  put('encoder.conv1.bias', width);
  put('encoder.conv2.weight', width, width, 3);
  put('encoder.conv2.bias', width);
  put('encoder.embed_positions.weight', 1500, width);
  put('decoder.embed_positions.weight', 448, width);
  put('decoder.embed_tokens.weight', vocabulary, width);
  for (const side of ['encoder', 'decoder'] as const) {
    norm(`${side}.layer_norm`);
    for (let i = 0; i < toyLayers[side]; i += 1) {
      const layer = `${side}.layers.${i}`;
      for (const attention of side === 'encoder' ? ['self_attn'] : ['self_attn', 'encoder_attn']) {
        for (const part of ['q_proj', 'k_proj', 'v_proj', 'out_proj'])
          dense(`${layer}.${attention}.${part}`, width, width);
        norm(`${layer}.${attention}_layer_norm`);
      }
      dense(`${layer}.fc1`, 4 * width, width);
      dense(`${layer}.fc2`, width, 4 * width);
      norm(`${layer}.final_layer_norm`);
    }
  }
  writeSafetensors(join(folder, 'model.safetensors'), tensors, 'F16');
  writeJson(join(folder, 'config.json'), {
    model_type: 'whisper',
    d_model: width,
    encoder_layers: toyLayers.encoder,
    decoder_layers: toyLayers.decoder,
    encoder_attention_heads: 1,
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
