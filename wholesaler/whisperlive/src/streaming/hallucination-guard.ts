import type { TranscribeResult } from '../engine/engine.ts';
import type { StreamingPolicy } from './policy.ts';
import { isSilencePhrase } from './silence-phrases.ts';

/** Whether a decode is to be shown: text about silence, loops and stage directions are not what somebody said. */
export function isBelievable(result: TranscribeResult, policy: StreamingPolicy): boolean {
  const { maxNoSpeechProbability, minAverageLogprob, maxCompressionRatio, maxNoSpeechInPhrase } = policy;
  if (result.averageLogprob < policy.hopelessLogprob) return false;
  if (result.looped || result.compressionRatio > maxCompressionRatio) return false;
  if (result.noSpeechProbability > maxNoSpeechProbability && result.averageLogprob < minAverageLogprob) return false;
  if (result.noSpeechProbability > maxNoSpeechInPhrase && isSilencePhrase(result.text)) return false;
  return result.text === '' || holdsWords(result.text);
}

/** False for "♪", "..." and for what is all in brackets: "[Music]", "(laughs)", "*sighs*". */
function holdsWords(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text.replaceAll(/\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|♪[^♪]*♪/gu, ''));
}
