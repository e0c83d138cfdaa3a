import type { TranscribeResult } from './engine.ts';

/** What openai/whisper (transcribe.py) tries in turn: greedy first, then sampled, less and less bound to the likeliest. */
export const temperatures = [0, 0.2, 0.4, 0.6, 0.8, 1] as const;

/** When a transcript is tried again, as in Whisper's paper, section 4.5. */
export const fallbackThresholds = {
  /** Text that deflates better than this repeats itself. */
  maxCompressionRatio: 2.4,
  minAverageLogprob: -1,
  /** Unlikely text where no speech is likely is silence, and silence is not tried again. */
  maxNoSpeechProbability: 0.6,
} as const;

type Measured = Pick<TranscribeResult, 'averageLogprob' | 'noSpeechProbability' | 'compressionRatio' | 'looped'>;

export function isConvincing({ averageLogprob, noSpeechProbability, compressionRatio, looped }: Measured): boolean {
  const { maxCompressionRatio, minAverageLogprob, maxNoSpeechProbability } = fallbackThresholds;
  const unlikely = averageLogprob < minAverageLogprob;
  if (unlikely && noSpeechProbability > maxNoSpeechProbability) return true;
  return !unlikely && !looped && compressionRatio <= maxCompressionRatio;
}

/** The last attempt when it convinces; else the likeliest of those that do not repeat themselves, or of all. */
export function mostConvincing<T extends Measured>(attempts: readonly T[]): T {
  const last = attempts.at(-1);
  if (!last) throw new Error('nothing was decoded');
  if (isConvincing(last)) return last;
  const plain = attempts.filter(
    ({ looped, compressionRatio }) => !looped && compressionRatio <= fallbackThresholds.maxCompressionRatio,
  );
  const among = plain.length > 0 ? plain : attempts;
  return among.reduce((best, next) => (next.averageLogprob > best.averageLogprob ? next : best));
}

/** Each temperature has noise of its own, always the same: the same audio gives the same words. */
export const noiseStart = (temperature: number): number => Math.round(temperature * 10) * 10_007;
