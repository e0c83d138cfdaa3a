import { type Alignment, turnPositions } from './attention.ts';
import { positionSamples, sampleRate, secondsPerPosition } from './mel.ts';
import { findPauses, layPauses } from './pauses.ts';
import type { WhisperTokenizer } from './tokenizer.ts';
import type { Word } from './words.ts';

export interface AlignInput {
  /** Start, language and task, no-timestamps, the text, end. */
  tokens: readonly number[];
  /** Index of the no-timestamps token. */
  first: number;
  /** How many positions of the encoder the clip takes; the rest of the window is padding. */
  positions: number;
}

/** What timing words needs of a loaded model. */
export interface Aligner<Encoded> {
  multilingual: boolean;
  tokenizer: WhisperTokenizer;
  /** Runs the align graph. */
  align(encoded: Encoded, input: AlignInput): Promise<Alignment>;
}

export interface SpokenWords {
  words: readonly Word[];
  /** The clip, without padding. */
  audio: Float32Array;
  language: string;
  task: 'transcribe' | 'translate';
}

interface TimedWord extends Word {
  start: number;
  end: number;
}

/** Of the decoder's 448 positions, those that start, language, task, no-timestamps and end leave to text. */
const maxTextTokens = 443;
/** Punctuation takes no time: it would give its word the pause after it (openai/whisper, timing.py). */
const silent = new Set('"\'“¿([{-.。,，!！?？:：”)]}、');

/**
 * The words with start and end in seconds of the clip and the mean probability of their tokens: cross-attention of the
 * alignment heads and dynamic time warping, as openai/whisper has it, then corrected by the model's habit (`attentionLag`)
 * and by where the clip is quiet. Words
 * are in order and do not overlap. With `task: translate` the times are those of the speech a word stands for.
 */
export async function timeWords<Encoded>(
  aligner: Aligner<Encoded> & { attentionLag: number },
  encoded: Encoded,
  spoken: SpokenWords,
): Promise<Word[]> {
  if (spoken.words.length === 0) return [];
  const { heard, probabilities } = await hearWords(aligner, encoded, spoken);
  for (const word of heard) {
    word.start -= aligner.attentionLag;
    word.end -= aligner.attentionLag;
  }
  layPauses(heard, findPauses(spoken.audio));
  return settle(heard, probabilities, spoken.audio.length / sampleRate);
}

/** When attention turns to each word and away from it. */
export async function hearWords<Encoded>(
  { multilingual, tokenizer, align }: Aligner<Encoded>,
  encoded: Encoded,
  { words, audio, language, task }: SpokenWords,
): Promise<{ heard: TimedWord[]; probabilities: Float32Array }> {
  const { ids } = tokenizer.prompt({ language: multilingual ? language : undefined, task });
  const first = ids.length - 1;
  const text = words.flatMap(({ tokens }) => tokens).slice(0, maxTextTokens);
  const positions = Math.ceil(audio.length / positionSamples);
  const alignment = await align(encoded, { tokens: [...ids, ...text, tokenizer.end], first, positions });
  const turns = Array.from(turnPositions(alignment, first), (at) => at * secondsPerPosition);
  const heard = spread(words, turns, (token) => silent.has(tokenizer.decode([token]).trim()));
  return { heard, probabilities: alignment.probabilities };
}

/** From the times at which the decoder turns to tokens to the times of words. */
function spread(words: readonly Word[], turns: readonly number[], isSilent: (token: number) => boolean): TimedWord[] {
  const at = (token: number): number => turns[Math.min(token, turns.length - 1)] ?? 0;
  let next = 0;
  return words.map((word) => {
    const from = next;
    next += word.tokens.length;
    const voiced = word.tokens.map((token) => !isSilent(token));
    if (!voiced.includes(true)) return { ...word, start: at(from), end: at(next) };
    return { ...word, start: at(from + voiced.indexOf(true)), end: at(from + voiced.lastIndexOf(true) + 1) };
  });
}

/** Whole milliseconds inside the clip, in order, with what the decoder thought of each word. */
function settle(words: readonly TimedWord[], probabilities: Float32Array, seconds: number): Word[] {
  let past = 0;
  let next = 0;
  return words.map((word) => {
    const chances = probabilities.subarray(next, next + word.tokens.length);
    next += word.tokens.length;
    const start = thousandths(Math.min(Math.max(word.start, past), seconds));
    const end = thousandths(Math.min(Math.max(word.end, start), seconds));
    past = end;
    const probability = chances.reduce((sum, chance) => sum + chance, 0) / Math.max(1, chances.length);
    return { ...word, start, end: Math.max(start, end), probability: thousandths(Math.min(1, probability)) };
  });
}

const thousandths = (value: number): number => Math.round(value * 1000) / 1000;
