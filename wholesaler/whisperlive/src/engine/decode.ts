import { compressionRatio } from './compression-ratio.ts';
import { endedEarly, isLeftOut, maxContinuations } from './early-end.ts';
import type { TranscribeJob, TranscribeResult } from './engine.ts';
import { maxTokensPerSecond, repeatsItself } from './loop-guard.ts';
import { framesPerSecond, maxFrames, maxSeconds, sampleRate } from './mel.ts';
import type { Prompt, WhisperTokenizer } from './tokenizer.ts';
import { type Aligner, timeWords } from './word-times.ts';
import { splitWords } from './words.ts';

/** Opaque hidden states of one window. */
export interface Encoded {
  dispose(): void;
}

export interface GenerateInput {
  promptIds: number[];
  startIndex: number;
  maxNewTokens: number;
  bias: Float32Array;
  biasFirst: Float32Array;
}

export interface Generated {
  tokens: number[];
  sumLogprob: number;
  noSpeechProbability: number;
}

/** What decoding needs of a loaded model. */
export interface WhisperModel extends Aligner<Encoded> {
  /** Log-mel features [bins, frames] of the clip, padded with silence. */
  features(audio: Float32Array, frames: number): Float32Array;
  encode(features: Float32Array, frames: number): Promise<Encoded>;
  generate(encoded: Encoded, input: GenerateInput): Promise<Generated>;
}

const minWindowSeconds = 10;
const windowMarginSeconds = 2;
const decoderPositions = 448;
const spareTokens = 10;
/** What Whisper itself allows a window of 30 s. */
const maxFullWindowTokens = 224;
/** A forced prefix leaves room for as much again. */
const maxPrefixTokens = maxFullWindowTokens - spareTokens;

/**
 * One greedy decode. Whisper was trained on 30 s windows; a shorter one costs in proportion and loses nothing when at
 * least 2 s of silence follow the clip, except that the decoder sometimes repeats itself: such a clip is decoded again
 * with the full window. When less is said than there is voice, it is asked whether something was left out.
 */
export async function decodeClip(model: WhisperModel, job: TranscribeJob): Promise<TranscribeResult> {
  const seconds = job.audio.length / sampleRate;
  if (seconds > maxSeconds) throw new RangeError(`a clip of ${seconds.toFixed(1)} s is longer than ${maxSeconds} s`);
  const frames = windowFrames(seconds);
  const first = await decodeWindow(model, job, {
    frames,
    maxTokens: Math.ceil(spareTokens + seconds * maxTokensPerSecond),
  });
  if (!first.looped || frames === maxFrames) return first;
  return decodeWindow(
    model,
    { ...job, language: first.language },
    { frames: maxFrames, maxTokens: maxFullWindowTokens },
  );
}

/** Frames of 10 ms, even, because the encoder halves them. */
export function windowFrames(seconds: number): number {
  const window = Math.min(maxSeconds, Math.max(minWindowSeconds, seconds + windowMarginSeconds));
  return Math.min(maxFrames, 2 * Math.round((window * framesPerSecond) / 2));
}

interface Window {
  frames: number;
  maxTokens: number;
}

async function decodeWindow(
  model: WhisperModel,
  job: TranscribeJob,
  { frames, maxTokens }: Window,
): Promise<TranscribeResult> {
  const { tokenizer } = model;
  const prefix = (job.prefix ?? []).slice(-maxPrefixTokens);
  const encoded = await model.encode(model.features(job.audio, frames), frames);
  try {
    const spoken = await languageOf(model, encoded, job.language);
    const prompt = tokenizer.prompt({
      language: model.multilingual ? spoken.language : undefined,
      task: job.task,
      promptText: job.promptText,
      maxPromptTokens: decoderPositions / 2 - 1 - prefix.length,
    });
    const heard = await decodeTokens(model, encoded, prompt, maxTokens, prefix);
    heard.tokens.unshift(...prefix);
    heard.looped ||= repeatsItself(heard.tokens);
    for (
      let i = 0;
      i < maxContinuations && !heard.looped && endedEarly(heard.tokens.length, job.voicedSeconds);
      i += 1
    ) {
      const more = await decodeTokens(model, encoded, prompt, maxTokens, heard.tokens, 'mustGoOn');
      if (!isLeftOut(more, heard.tokens)) break;
      heard.averageLogprob = Math.min(heard.averageLogprob, more.averageLogprob);
      heard.tokens.push(...more.tokens);
    }
    const text = tokenizer.decode(heard.tokens);
    const language = job.task === 'translate' ? 'en' : spoken.language;
    const words = splitWords(heard.tokens, language, tokenizer.decode);
    const timing = { words, audio: job.audio, language: spoken.language, task: job.task };
    return {
      text: text.trim(),
      tokens: heard.tokens,
      words: job.wordTimes ? await timeWords(model, encoded, timing) : words,
      compressionRatio: compressionRatio(text.trim()),
      temperature: 0,
      language: spoken.language,
      languageProbability: spoken.probability,
      averageLogprob: heard.averageLogprob,
      noSpeechProbability: heard.noSpeechProbability,
      looped: heard.looped,
    };
  } finally {
    encoded.dispose();
  }
}

interface Heard {
  tokens: number[];
  averageLogprob: number;
  noSpeechProbability: number;
  looped: boolean;
}

/** Decodes what follows the tokens `before`: at the beginning and where told so, that may not be nothing. */
async function decodeTokens(
  { tokenizer, generate }: WhisperModel,
  encoded: Encoded,
  prompt: Prompt,
  maxTokens: number,
  before: readonly number[],
  end: 'mayEnd' | 'mustGoOn' = 'mayEnd',
): Promise<Heard> {
  const promptIds = [...prompt.ids, ...before];
  const output = await generate(encoded, {
    promptIds,
    startIndex: prompt.startIndex,
    maxNewTokens: Math.min(
      Math.max(spareTokens, Math.min(maxTokens, maxFullWindowTokens) - before.length),
      decoderPositions - promptIds.length,
    ),
    bias: tokenizer.bias,
    biasFirst: firstBias(tokenizer, before, end),
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
    bias: tokenizer.biasLanguage,
    biasFirst: tokenizer.biasLanguage,
  });
  const language = tokenizer.languageOf(output.tokens[0] ?? -1);
  if (language === undefined) throw new Error('no language token was chosen');
  return { language, probability: Math.exp(output.sumLogprob) };
}
