import type { Alignment } from './attention.ts';
import { compressionRatio } from './compression-ratio.ts';
import { endedEarly, isLeftOut, maxContinuations } from './early-end.ts';
import { framesOf } from './encoder-feeds.ts';
import type { TranscribeJob, TranscribeResult } from './engine.ts';
import { isConvincing, mostConvincing, noiseStart, temperatures } from './fallback.ts';
import { maxTokensPerSecond, repeatsItself } from './loop-guard.ts';
import { maxSeconds, sampleRate } from './mel.ts';
import { timeStages } from './stage-times.ts';
import type { Prompt, WhisperTokenizer } from './tokenizer.ts';
import { fullWindow, isShort, type Window, windowOf } from './window.ts';
import { type Aligner, type AlignInput, timeWords } from './word-times.ts';
import { splitWords } from './words.ts';

/** Opaque hidden states of one window. */
export interface Encoded {
  /** What encoding took. */
  readonly seconds: number;
  dispose(): void;
}

export interface GenerateInput {
  promptIds: number[];
  /** Where in the prompt the transcript begins. */
  startIndex: number;
  maxNewTokens: number;
  /** Added to the scores of the first step; those of later steps get the tokenizer's `bias`. */
  biasFirst: Float32Array;
  temperature: number;
  /** Where the noise begins, for temperatures above 0. */
  noiseStart: number;
}

export interface Generated {
  /** Filled up with end tokens. */
  tokens: number[];
  sumLogprob: number;
  noSpeechProbability: number;
  /** What the batch took. */
  seconds: number;
}

/** What decoding needs of a loaded model. Calls of several jobs may overlap. */
export interface WhisperModel extends Aligner<Encoded> {
  /** How late the alignment heads turn to a word, in seconds. */
  attentionLag: number;
  /** Log-mel features [bins, frames of 10 ms] of the clip, padded with silence. */
  features(audio: Float32Array, frames: number): Float32Array;
  /** From the features of `framesOf(window)` frames. */
  encode(features: Float32Array, window: Window): Promise<Encoded>;
  generate(encoded: Encoded, input: GenerateInput): Promise<Generated>;
  align(encoded: Encoded, input: AlignInput): Promise<Alignment & { seconds: number }>;
}

const decoderPositions = 448;
const spareTokens = 10;
/** What Whisper itself allows a window of 30 s. */
const maxFullWindowTokens = 224;
/** A forced prefix leaves room for as much again. */
const maxPrefixTokens = maxFullWindowTokens - spareTokens;

/**
 * One clip to text. Of the silence behind it only samples are computed (`window.ts`); should the decoder then repeat
 * itself, the clip is decoded again over the whole 30 s. When less is said than there is voice, it is asked whether
 * something was left out. Where the job asks for it, an unconvincing transcript is tried again at rising temperatures.
 */
export async function decodeClip(
  model: WhisperModel,
  job: TranscribeJob,
  chooseWindow: (seconds: number) => Window = windowOf,
): Promise<TranscribeResult> {
  const seconds = job.audio.length / sampleRate;
  if (seconds > maxSeconds) throw new RangeError(`a clip of ${seconds.toFixed(1)} s is longer than ${maxSeconds} s`);
  const { timed, times } = timeStages(model);
  const window = chooseWindow(seconds);
  const first = await decodeWindow(timed, job, {
    window,
    maxTokens: Math.ceil(spareTokens + seconds * maxTokensPerSecond),
  });
  if (!first.looped || !isShort(window)) return { ...first, times };
  const again = { ...job, language: first.language };
  const second = await decodeWindow(timed, again, { window: fullWindow, maxTokens: maxFullWindowTokens });
  return { ...second, times };
}

interface Attempt {
  window: Window;
  maxTokens: number;
}

async function decodeWindow(
  model: WhisperModel,
  job: TranscribeJob,
  { window, maxTokens }: Attempt,
): Promise<TranscribeResult> {
  const { tokenizer } = model;
  const prefix = (job.prefix ?? []).slice(-maxPrefixTokens);
  const encoded = await model.encode(model.features(job.audio, framesOf(window)), window);
  try {
    const spoken = await languageOf(model, encoded, job.language);
    const prompt = tokenizer.prompt({
      language: model.multilingual ? spoken.language : undefined,
      task: job.task,
      promptText: job.promptText,
      maxPromptTokens: decoderPositions / 2 - 1 - prefix.length,
    });
    const attempts: Heard[] = [];
    for (const temperature of job.fallback ? temperatures : temperatures.slice(0, 1)) {
      const heard = await hear(model, encoded, { prompt, prefix, maxTokens, temperature }, job.voicedSeconds);
      attempts.push(heard);
      // A loop over a short window is first tried over the full one, which the caller does.
      if (isConvincing(heard) || (heard.looped && isShort(window))) break;
    }
    const { text, tokens, ...measures } = mostConvincing(attempts);
    const language = job.task === 'translate' ? 'en' : spoken.language;
    const words = splitWords(tokens, language, tokenizer.decode);
    const timing = { words, audio: job.audio, language: spoken.language, task: job.task };
    return {
      ...measures,
      text,
      tokens,
      words: job.wordTimes ? await timeWords(model, encoded, timing) : words,
      language: spoken.language,
      languageProbability: spoken.probability,
    };
  } finally {
    encoded.dispose();
  }
}

interface Hearing {
  prompt: Prompt;
  prefix: readonly number[];
  maxTokens: number;
  temperature: number;
}

/** The whole transcript of a window at one temperature, with what was left out at first. */
async function hear(
  model: WhisperModel,
  encoded: Encoded,
  { prompt, prefix, maxTokens, temperature }: Hearing,
  voicedSeconds: number | undefined,
): Promise<Heard> {
  const decode = (before: readonly number[], end: 'mayEnd' | 'mustGoOn') =>
    decodeTokens(model, encoded, { prompt, before, end, maxTokens, temperature });
  const first = await decode(prefix, 'mayEnd');
  const tokens = [...prefix, ...first.tokens];
  let { averageLogprob } = first;
  const looped = first.looped || repeatsItself(tokens);
  for (let i = 0; i < maxContinuations && !looped && endedEarly(tokens.length, voicedSeconds); i += 1) {
    const more = await decode(tokens, 'mustGoOn');
    if (!isLeftOut(more, tokens)) break;
    averageLogprob = Math.min(averageLogprob, more.averageLogprob);
    tokens.push(...more.tokens);
  }
  const text = model.tokenizer.decode(tokens).trim();
  const { noSpeechProbability } = first;
  return {
    text,
    tokens,
    averageLogprob,
    noSpeechProbability,
    compressionRatio: compressionRatio(text),
    temperature,
    looped,
  };
}

type Heard = Pick<
  TranscribeResult,
  'text' | 'tokens' | 'averageLogprob' | 'noSpeechProbability' | 'compressionRatio' | 'temperature' | 'looped'
>;

interface Following {
  prompt: Prompt;
  before: readonly number[];
  end: 'mayEnd' | 'mustGoOn';
  maxTokens: number;
  temperature: number;
}

interface Decoded {
  tokens: number[];
  averageLogprob: number;
  noSpeechProbability: number;
  looped: boolean;
}

/** Decodes what follows the tokens `before`: at the beginning and where told so, that may not be nothing. */
async function decodeTokens(
  { tokenizer, generate }: WhisperModel,
  encoded: Encoded,
  { prompt, before, end, maxTokens, temperature }: Following,
): Promise<Decoded> {
  const promptIds = [...prompt.ids, ...before];
  const output = await generate(encoded, {
    promptIds,
    startIndex: prompt.startIndex,
    maxNewTokens: Math.min(
      Math.max(spareTokens, Math.min(maxTokens, maxFullWindowTokens) - before.length),
      decoderPositions - promptIds.length,
    ),
    biasFirst: firstBias(tokenizer, before, end),
    temperature,
    noiseStart: noiseStart(temperature),
  });
  const ended = output.tokens.indexOf(tokenizer.end);
  const tokens = ended < 0 ? output.tokens : output.tokens.slice(0, ended);
  return {
    tokens,
    averageLogprob: output.sumLogprob / (tokens.length + 1),
    noSpeechProbability: output.noSpeechProbability,
    looped: ended < 0 || repeatsItself(tokens),
  };
}

function firstBias(tokenizer: WhisperTokenizer, before: readonly number[], end: 'mayEnd' | 'mustGoOn'): Float32Array {
  if (end === 'mustGoOn') return tokenizer.biasGoOn;
  return before.length > 0 ? tokenizer.bias : tokenizer.biasFirst;
}

/** The language given, or the likeliest among the language tokens at the first position. */
async function languageOf(
  model: WhisperModel,
  encoded: Encoded,
  given: string | null,
): Promise<{ language: string; probability: number }> {
  const { tokenizer } = model;
  if (!model.multilingual) return { language: 'en', probability: 1 };
  if (given !== null) {
    if (!tokenizer.languages.has(given)) {
      throw new RangeError(`unknown language ${given}; known are ${[...tokenizer.languages.keys()].join(', ')}`);
    }
    return { language: given, probability: 1 };
  }
  const output = await model.generate(encoded, {
    promptIds: [tokenizer.startOfTranscript],
    startIndex: 0,
    maxNewTokens: 1,
    biasFirst: tokenizer.biasLanguage,
    temperature: 0,
    noiseStart: 0,
  });
  const language = tokenizer.languageOf(output.tokens[0] ?? -1);
  if (language === undefined) throw new Error('no language token was chosen');
  return { language, probability: Math.exp(output.sumLogprob) };
}
