import type { SpokenWord } from '@vexa/shared/contracts/stream-messages';
import type { Word } from '../engine/engine.ts';
import { seconds, type Utterance } from './utterance-detector.ts';

/** The timed words of an utterance in seconds since the first sample of its session. */
export function wordsInSession(words: readonly Word[], { from }: Pick<Utterance, 'from'>): SpokenWord[] {
  const inSession = (clipSeconds: number): number => Math.round((seconds(from) + clipSeconds) * 1000) / 1000;
  return words.flatMap(({ text, start, end, probability }) => {
    if (start === undefined || end === undefined) return [];
    const chance = probability === undefined ? {} : { probability };
    return [{ text, start: inSession(start), end: inSession(end), ...chance }];
  });
}

/**
 * When an utterance was said. It begins with its first word, which is nearer the truth (0.01 s) than the voice detector,
 * whose pre-roll is kept where there are no words. Its end is never before the voice's: a client that has to say the rest
 * again begins there, and must not repeat the end of a word.
 */
export function finalTimes(
  words: readonly SpokenWord[],
  { from, voiceEnd }: Pick<Utterance, 'from' | 'voiceEnd'>,
): { start: number; end: number } {
  const start = words[0]?.start ?? seconds(from);
  return { start, end: Math.max(seconds(voiceEnd), words.at(-1)?.end ?? start, start) };
}
