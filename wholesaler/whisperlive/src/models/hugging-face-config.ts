import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '@vexa/shared/files/error-code';
import { z } from 'zod';
import { laterHeads } from '../graphs/alignment-heads.ts';
import { headWidth, type WhisperDimensions } from '../graphs/whisper-weights.ts';
import { ModelError } from './model-error.ts';
import { publishedHeads } from './published-heads.ts';

export const configFile = 'config.json';
export const generationFile = 'generation_config.json';

const ids = z.array(z.int().min(0)).nullish();
const architectureSchema = z.looseObject({
  d_model: z.int(),
  encoder_layers: z.int(),
  decoder_layers: z.int(),
  encoder_attention_heads: z.int(),
  vocab_size: z.int(),
  num_mel_bins: z.int(),
  tie_word_embeddings: z.boolean().default(true),
  suppress_tokens: ids,
  begin_suppress_tokens: ids,
});
const generationSchema = z.looseObject({
  suppress_tokens: ids,
  begin_suppress_tokens: ids,
  alignment_heads: z.array(z.tuple([z.int(), z.int()])).nullish(),
  lang_to_id: z.record(z.string(), z.int()).nullish(),
});
const tokenizerSchema = z.looseObject({ added_tokens: z.array(z.looseObject({ id: z.int(), content: z.string() })) });

/** Tokens that steer Whisper and are never part of a transcript; the last but one is called by either name. */
const steering = /^<\|(startoftranscript|translate|transcribe|startoflm|startofprev|nospeech|nocaptions)\|>$/;
const language = /^<\|[a-z]{2,3}\|>$/;

/** True for a `config.json` of the Hugging Face; CTranslate2's, which `writeDecodingConfig` also writes, is another. */
export function isHuggingFaceConfig(folder: string): boolean {
  const config = readJson(join(folder, configFile), z.looseObject({}));
  return !('suppress_ids' in config);
}

/** Throws `not_a_model` when `config.json` describes another kind of model, or another shape than the weights have. */
export function checkArchitecture(folder: string, dims: WhisperDimensions): void {
  const path = join(folder, configFile);
  const config = readJson(path, architectureSchema);
  const pairs: [string, number, number][] = [
    ['d_model', config.d_model, dims.width],
    ['encoder_layers', config.encoder_layers, dims.encoderLayers],
    ['decoder_layers', config.decoder_layers, dims.decoderLayers],
    ['encoder_attention_heads', config.encoder_attention_heads, dims.width / headWidth],
    ['vocab_size', config.vocab_size, dims.vocabulary],
    ['num_mel_bins', config.num_mel_bins, dims.melBins],
  ];
  for (const [key, said, found] of pairs) {
    if (said !== found) throw new ModelError('not_a_model', `${path} says ${key} ${said}, the weights have ${found}`);
  }
  if (!config.tie_word_embeddings) {
    throw new ModelError(
      'not_a_model',
      `${path} wants an output layer of its own (tie_word_embeddings); no Whisper does`,
    );
  }
}

/** Throws `not_a_model` unless `config.json` is that of a Whisper model. */
export function checkModelType(folder: string): void {
  const path = join(folder, configFile);
  const { model_type: type } = readJson(path, z.looseObject({ model_type: z.string().optional() }));
  if (type === 'whisper') return;
  throw new ModelError('not_a_model', `${path} is no Whisper model: its model_type is ${type ?? 'missing'}`);
}

/**
 * Replaces the Hugging Face's `config.json` and `generation_config.json` by the `config.json` of a CTranslate2 folder,
 * so that decoding reads one form: `suppress_ids`, `suppress_ids_begin`, `lang_ids`, `alignment_heads`.
 */
export function writeDecodingConfig(folder: string): void {
  const path = join(folder, configFile);
  const config = readJson(path, architectureSchema);
  const generation = readJson(join(folder, generationFile), generationSchema, {});
  const tokens = readJson(join(folder, 'tokenizer.json'), tokenizerSchema).added_tokens;
  const matching = (pattern: RegExp): number[] => tokens.filter((t) => pattern.test(t.content)).map(({ id }) => id);
  const end = matching(/^<\|endoftext\|>$/);
  // Some checkpoints list nothing here; a steering token in the text would be nonsense all the same.
  const suppressed = new Set([...(generation.suppress_tokens ?? config.suppress_tokens ?? []), ...matching(steering)]);
  const languages = generation.lang_to_id ? Object.values(generation.lang_to_id) : matching(language);
  const decoding = {
    suppress_ids: ascending(suppressed),
    suppress_ids_begin: generation.begin_suppress_tokens ?? config.begin_suppress_tokens ?? [blankToken, ...end],
    lang_ids: ascending(languages),
    ...(generation.alignment_heads ? { alignment_heads: generation.alignment_heads } : {}),
  };
  replaceJson(path, decoding);
  rmSync(join(folder, generationFile), { force: true });
}

/**
 * Adds the heads that follow the audio to a CTranslate2 `config.json` that does not name them: those OpenAI published for
 * the model of this name, or its choice for any other.
 */
export function completeAlignmentHeads(folder: string, name: string, dims: WhisperDimensions): void {
  const path = join(folder, configFile);
  const config = readJson(path, z.looseObject({ alignment_heads: z.array(z.unknown()).nullish() }));
  if (config.alignment_heads && config.alignment_heads.length > 0) return;
  const published = publishedHeads(name);
  const fits = published?.every(([layer, head]) => layer < dims.decoderLayers && head < dims.heads);
  replaceJson(path, { ...config, alignment_heads: published && fits ? published : laterHeads(dims) });
}

function replaceJson(path: string, content: unknown): void {
  const unfinished = `${path}.new`;
  writeFileSync(unfinished, JSON.stringify(content));
  renameSync(unfinished, path);
}

/** A single space, in every vocabulary of Whisper. */
const blankToken = 220;

const ascending = (values: Iterable<number>): number[] => [...values].toSorted((a, b) => a - b);

function readJson<T>(path: string, schema: z.ZodType<T>, ifAbsent?: T): T {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (ifAbsent !== undefined && codeOf(error) === 'ENOENT') return ifAbsent;
    throw new ModelError('not_a_model', `${path} cannot be read`, { cause: error });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new ModelError('not_a_model', `${path} is not that of a Whisper model: ${why}`, { cause: error });
  }
}
