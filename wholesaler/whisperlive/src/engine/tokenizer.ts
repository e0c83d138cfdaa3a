import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { textOf, tokenBytes } from './token-bytes.ts';

const tokenizerSchema = z.looseObject({
  model: z.looseObject({ vocab: z.record(z.string(), z.int()) }),
  added_tokens: z.array(z.object({ id: z.int(), content: z.string() })),
});
const configSchema = z.object({
  suppress_ids: z.array(z.int()),
  suppress_ids_begin: z.array(z.int()),
});

/** Whisper's text prompt takes at most half of the decoder's 448 positions. */
const maxPromptTokens = 223;
/** Only the end of a long text can become prompt, so only that is encoded; a token is at least one byte. */
const maxPromptCharacters = 4 * maxPromptTokens;
const suppressed = -1e9;

export interface Prompt {
  ids: number[];
  /** Where in `ids` the transcript begins, behind the text before. */
  startIndex: number;
}

export interface PromptOptions {
  /** Undefined for a model of one language. */
  language: string | undefined;
  task: 'transcribe' | 'translate';
  /** Text spoken before; its last tokens are used, at most `maxPromptTokens`. */
  promptText?: string | undefined;
  maxPromptTokens?: number;
}

export interface WhisperTokenizer {
  readonly end: number;
  readonly languages: ReadonlyMap<string, number>;
  /** Added to the scores of every step: what a transcript never contains. */
  readonly bias: Float32Array;
  readonly biasFirst: Float32Array;
  /** For a first step that must not be the end. */
  readonly biasGoOn: Float32Array;
  /** Leaves the language tokens as the only choice. */
  readonly biasLanguage: Float32Array;
  readonly startOfTranscript: number;
  prompt(options: PromptOptions): Prompt;
  /** The text as spoken, usually with a space before it; special tokens are left out. */
  decode(tokens: readonly number[]): string;
  languageOf(token: number): string | undefined;
}

/** Reads `tokenizer.json` and the suppression lists of CTranslate2's `config.json`. */
export function loadTokenizer(files: { tokenizer: string; config: string }, vocabulary: number): WhisperTokenizer {
  const json = tokenizerSchema.parse(JSON.parse(readFileSync(files.tokenizer, 'utf8')));
  const config = configSchema.parse(JSON.parse(readFileSync(files.config, 'utf8')));
  const tokenizer = new Tokenizer(json, {});
  const idOf = (token: string): number => {
    const id = tokenizer.token_to_id(token);
    if (id === undefined) throw new Error(`${files.tokenizer} has no token ${token}`);
    return id;
  };
  const noTimestamps = idOf('<|notimestamps|>');
  const start = idOf('<|startoftranscript|>');
  const languages = new Map(
    json.added_tokens.flatMap(({ id, content }) => {
      const code = /^<\|([a-z]{2,3})\|>$/.exec(content)?.[1];
      return code && id > start ? [[code, id] as const] : [];
    }),
  );
  const bias = new Float32Array(vocabulary);
  for (const id of config.suppress_ids) bias[id] = suppressed;
  bias.fill(suppressed, noTimestamps + 1);
  const biasFirst = bias.slice();
  for (const id of config.suppress_ids_begin) biasFirst[id] = suppressed;
  const end = idOf('<|endoftext|>');
  const biasGoOn = bias.slice();
  biasGoOn[end] = suppressed;
  const biasLanguage = new Float32Array(vocabulary).fill(suppressed);
  for (const id of languages.values()) biasLanguage[id] = 0;
  const bytes = tokenBytes(json.model.vocab);
  const codes = new Map([...languages].map(([code, id]) => [id, code]));
  return {
    end,
    startOfTranscript: start,
    languages,
    bias,
    biasFirst,
    biasGoOn,
    biasLanguage,
    prompt: ({ language, task, promptText, maxPromptTokens: most = maxPromptTokens }) => {
      const before = promptText?.trim().slice(-maxPromptCharacters);
      const text = before ? tokenizer.encode(` ${before}`, { add_special_tokens: false }).ids : [];
      const kept = text.slice(Math.max(0, text.length - Math.min(most, maxPromptTokens)));
      const prefix = kept.length > 0 ? [idOf('<|startofprev|>'), ...kept] : [];
      const wanted = language === undefined ? [] : [idOf(`<|${language}|>`), idOf(`<|${task}|>`)];
      return { ids: [...prefix, start, ...wanted, noTimestamps], startIndex: prefix.length };
    },
    decode: (tokens) => textOf(bytes, tokens),
    languageOf: (token) => codes.get(token),
  };
}
