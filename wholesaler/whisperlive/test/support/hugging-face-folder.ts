import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ct2File } from '../../src/graphs/ct2-reader.ts';
import { expectedShapes } from '../../src/graphs/weight-names.ts';
import { dimensionsOf, headWidth } from '../../src/graphs/whisper-weights.ts';
import { type StoredType, type TestTensor, writeSafetensors } from './write-safetensors.ts';

export interface FolderOptions {
  dtype?: StoredType;
  shards?: number;
  /** Changes the tensors before they are written. */
  edit?: (tensors: Map<string, TestTensor>) => void;
  config?: Record<string, unknown>;
}

/** Names of transformers' WhisperForConditionalGeneration, by module of a CTranslate2 layer. */
const decoderOnly = (layer: string, to: string): [string, string[]][] => [
  [`${layer}/attention/layer_norm`, [`${to}.encoder_attn_layer_norm`]],
  [`${layer}/attention/linear_0`, [`${to}.encoder_attn.q_proj`]],
  [`${layer}/attention/linear_1`, [`${to}.encoder_attn.k_proj`, `${to}.encoder_attn.v_proj`]],
  [`${layer}/attention/linear_2`, [`${to}.encoder_attn.out_proj`]],
];
const everyLayer = (layer: string, to: string): [string, string[]][] => [
  [`${layer}/self_attention/layer_norm`, [`${to}.self_attn_layer_norm`]],
  [`${layer}/self_attention/linear_0`, [`${to}.self_attn.q_proj`, `${to}.self_attn.k_proj`, `${to}.self_attn.v_proj`]],
  [`${layer}/self_attention/linear_1`, [`${to}.self_attn.out_proj`]],
  [`${layer}/ffn/layer_norm`, [`${to}.final_layer_norm`]],
  [`${layer}/ffn/linear_0`, [`${to}.fc1`]],
  [`${layer}/ffn/linear_1`, [`${to}.fc2`]],
];

/** Tensors under CTranslate2's names, by the names and in the parts a Hugging Face checkpoint has. */
export function checkpoint(named: ReadonlyMap<string, TestTensor>): Map<string, TestTensor> {
  const tensors = new Map<string, TestTensor>();
  const move = (from: string, to: string): void => {
    const tensor = named.get(from);
    if (tensor) tensors.set(to, tensor);
  };
  const modules: [string, string[]][] = [];
  for (const side of ['encoder', 'decoder'] as const) {
    modules.push([`${side}/layer_norm`, [`model.${side}.layer_norm`]]);
    for (let i = 0; named.has(`${side}/layer_${i}/ffn/linear_0/weight`); i += 1) {
      const names: [string, string] = [`${side}/layer_${i}`, `model.${side}.layers.${i}`];
      modules.push(...everyLayer(...names), ...(side === 'decoder' ? decoderOnly(...names) : []));
    }
    move(`${side}/position_encodings/encodings`, `model.${side}.embed_positions.weight`);
  }
  move('decoder/embeddings/weight', 'model.decoder.embed_tokens.weight');
  modules.push(['encoder/conv1', ['model.encoder.conv1']], ['encoder/conv2', ['model.encoder.conv2']]);
  for (const [from, to] of modules) {
    for (const [mine, theirs] of [
      ['weight', 'weight'],
      ['bias', 'bias'],
      ['gamma', 'weight'],
      ['beta', 'bias'],
    ]) {
      const whole = named.get(`${from}/${mine}`);
      if (!whole) continue;
      const { shape, data } = whole;
      const [rows = 0, ...rest] = shape;
      const step = data.length / to.length;
      for (const [i, name] of to.entries()) {
        if (name.endsWith('k_proj') && theirs === 'bias') continue;
        const part = { shape: [rows / to.length, ...rest], data: data.slice(i * step, (i + 1) * step) };
        tensors.set(`${name}.${theirs}`, part);
      }
    }
  }
  return tensors;
}

/** Writes what `openai/whisper-*` holds on the hub, from a CTranslate2 folder of the same model. */
export function writeHuggingFaceFolder(ct2Dir: string, folder: string, options: FolderOptions = {}): void {
  mkdirSync(folder, { recursive: true });
  using file = new Ct2File(join(ct2Dir, 'model.bin'));
  const dims = dimensionsOf(file);
  const tensors = checkpoint(new Map([...expectedShapes(dims).keys()].map((name) => [name, file.tensor(name)])));
  options.edit?.(tensors);
  writeWeights(folder, tensors, options);
  const decoding = JSON.parse(readFileSync(join(ct2Dir, 'config.json'), 'utf8'));
  writeJson(join(folder, 'config.json'), {
    model_type: 'whisper',
    d_model: dims.width,
    encoder_layers: dims.encoderLayers,
    decoder_layers: dims.decoderLayers,
    encoder_attention_heads: dims.width / headWidth,
    vocab_size: dims.vocabulary,
    num_mel_bins: dims.melBins,
    ...options.config,
  });
  writeJson(join(folder, 'generation_config.json'), {
    alignment_heads: decoding.alignment_heads,
    suppress_tokens: decoding.suppress_ids,
    begin_suppress_tokens: decoding.suppress_ids_begin,
  });
  writeJson(join(folder, 'preprocessor_config.json'), { feature_size: dims.melBins });
  writeFileSync(join(folder, 'tokenizer.json'), readFileSync(join(ct2Dir, 'tokenizer.json')));
}

function writeWeights(folder: string, tensors: Map<string, TestTensor>, { dtype = 'F32', shards = 1 }: FolderOptions) {
  if (shards === 1) return writeSafetensors(join(folder, 'model.safetensors'), tensors, dtype);
  const entries = [...tensors];
  const map: Record<string, string> = {};
  for (let i = 0; i < shards; i += 1) {
    const name = `model-0000${i + 1}-of-0000${shards}.safetensors`;
    const part = entries.filter((_, index) => index % shards === i);
    for (const [tensor] of part) map[tensor] = name;
    writeSafetensors(join(folder, name), new Map(part), dtype);
  }
  writeJson(join(folder, 'model.safetensors.index.json'), { metadata: {}, weight_map: map });
}

export const writeJson = (path: string, content: unknown): void => writeFileSync(path, JSON.stringify(content));
