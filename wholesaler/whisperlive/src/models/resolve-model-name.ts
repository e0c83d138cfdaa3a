import { catalogueEntry, modelNames } from './catalogue.ts';
import { ModelError } from './model-error.ts';

/** What OpenAI's API calls its model; here it stands for whichever is the default. */
const servedModel = 'whisper-1';
/** Names that the original program, faster-whisper or the Hugging Face hub give to models called otherwise here. */
const aliases: Record<string, string> = {
  large: 'large-v3',
  turbo: 'large-v3-turbo',
  'openai/whisper-large': 'large-v1',
};
const owner = /^[\w.-]+\//;
const prefix = /^(faster-)?whisper-/;
const distilled = /(^|[/-])distil-/;

export interface NamingContext {
  /** What `whisper-1` means. */
  defaultModel: string;
  /** Further names, taken as they are: those of imported models. */
  imported?: readonly string[];
}

/**
 * The catalogue's name for a model as users write it: `base.en`, `whisper-base.en`, `openai/whisper-base.en`,
 * `Systran/faster-whisper-base.en`, `turbo`, `whisper-1`. Throws `unknown_model` with the names there are.
 */
export function resolveModelName(identifier: string, { defaultModel, imported = [] }: NamingContext): string {
  if (imported.includes(identifier)) return identifier;
  const written = identifier.trim().toLowerCase();
  if (written === servedModel) return defaultModel;
  if (distilled.test(written)) {
    throw new ModelError(
      'unknown_model',
      `"${identifier}" is a Distil-Whisper model, which is not supported; known are ${[...new Set([...modelNames, ...imported])].join(', ')}`,
    );
  }
  const bare = written.replace(owner, '').replace(prefix, '');
  const name = aliases[written] ?? aliases[bare] ?? bare;
  if (modelNames.includes(name) || imported.includes(name)) return name;
  return catalogueEntry(identifier, imported).name;
}
