import { availableVoices, speakable, type Voice } from '@vexa/load-tester/voices';

/** One sentence of somebody: spoken `pauseMs` after the end of the one before it; a negative pause talks into it. */
export interface Turn {
  speaker: string;
  voice: Voice;
  pauseMs: number;
}

const speakers = ['Ann', 'Ben', 'Cleo'];
/** People answer each other within a quarter of a second. */
const pausesMs = [100, 250, 0, 600];
const longestSeconds = 12;
const sampleRate = 16_000;
const silent = 0.015;
/** The breath before a word, and the end of its last sound. */
const marginSamples = 0.08 * sampleRate;

/** Their texts in the folder beside the project are not what is said in them. */
const mislabelled = /^(sb-spk2_snt5|ps-cards-.*)\.wav$/;

/** English sentences: those that come with the product, and with `more` those of the folder beside it too. */
export const readSentences = ({ more }: { more: boolean }): Voice[] =>
  speakable(availableVoices({ more }))
    .filter(({ seconds, file }) => seconds <= longestSeconds && !mislabelled.test(file))
    .map(withoutSilence);

/** A recording's own silence would keep turns apart, and be the easier for it. */
function withoutSilence(voice: Voice): Voice {
  const isLoud = (sample: number) => Math.abs(sample) > silent;
  const from = Math.max(0, voice.audio.findIndex(isLoud) - marginSamples);
  const to = voice.audio.findLastIndex(isLoud) + marginSamples;
  const audio = voice.audio.slice(from, to);
  return { ...voice, audio, seconds: audio.length / sampleRate };
}

/**
 * Everybody speaks in turns, hardly anybody after themselves. Each round has the same sentences in another order, by
 * other people, and after other pauses.
 */
export const takeTurns = (voices: readonly Voice[], round = 0): Turn[] =>
  reordered(voices, round).map((voice, at) => ({
    speaker: speakers[(at + round) % speakers.length] ?? '',
    voice,
    pauseMs: pausesMs[(at + round) % pausesMs.length] ?? 0,
  }));

/** Steps of a length that shares no divisor with the list's come by each of its items once. */
function reordered<T>(items: readonly T[], round: number): T[] {
  const strides = items.map((_, at) => at + 1).filter((stride) => divisor(stride, items.length) === 1);
  const stride = strides[round % strides.length] ?? 1;
  return items.flatMap((_, at) => items[(at * stride + round) % items.length] ?? []);
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** Every second sentence begins before the one before it is over. */
export const talkOver = (voices: readonly Voice[]): Turn[] =>
  takeTurns(voices).map((turn, at) => ({ ...turn, pauseMs: at % 2 === 0 ? 800 : -1_200 }));

export const speakersOf = (turns: readonly Turn[]): string[] => [...new Set(turns.map(({ speaker }) => speaker))];
