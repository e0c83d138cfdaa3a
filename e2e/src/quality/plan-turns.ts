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

/** English sentences: those that come with the product, and with `more` those of the folder beside it too. */
export const readSentences = ({ more }: { more: boolean }): Voice[] =>
  speakable(availableVoices({ more }))
    .filter(({ seconds }) => seconds <= longestSeconds)
    .map(withoutSilence);

/** A recording's own silence would keep turns apart, and be the easier for it. */
function withoutSilence(voice: Voice): Voice {
  const isLoud = (sample: number) => Math.abs(sample) > silent;
  const from = Math.max(0, voice.audio.findIndex(isLoud) - marginSamples);
  const to = voice.audio.findLastIndex(isLoud) + marginSamples;
  const audio = voice.audio.slice(from, to);
  return { ...voice, audio, seconds: audio.length / sampleRate };
}

/** Everybody speaks in turns, hardly anybody after themselves. */
export const takeTurns = (voices: readonly Voice[]): Turn[] =>
  voices.map((voice, at) => ({
    speaker: speakers[at % speakers.length] ?? '',
    voice,
    pauseMs: pausesMs[at % pausesMs.length] ?? 0,
  }));

/** Every second sentence begins before the one before it is over. */
export const talkOver = (voices: readonly Voice[]): Turn[] =>
  takeTurns(voices).map((turn, at) => ({ ...turn, pauseMs: at % 2 === 0 ? 800 : -1_200 }));

export const speakersOf = (turns: readonly Turn[]): string[] => [...new Set(turns.map(({ speaker }) => speaker))];
