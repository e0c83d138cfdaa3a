import type { TranscribeResult } from '../engine/engine.ts';

/** Every threshold of the way from audio to text, in seconds unless its name says otherwise. */
export interface StreamingPolicy {
  /** An utterance starts when the voice probability passes this (Silero's own default). */
  startProbability: number;
  /** Below this a window counts as silence; lower than the start, so that a voice that fades does not flicker. */
  silenceProbability: number;
  /** So much silence closes an utterance: shorter than a breath would cut sentences, longer delays every final. */
  endSilence: number;
  /** Audio kept from before the start, because soft first consonants come before the voice is detected. */
  preRoll: number;
  /** Less voice than this is a click or a cough, not a word. */
  minVoiced: number;
  /** Whisper hears 30 s at most; without a pause an utterance is cut before that. */
  maxUtterance: number;
  /** The forced cut is made at the quietest point after this. */
  cutSearchFrom: number;
  /** New audio needed before the open utterance is decoded again for a draft. */
  draftStep: number;
  /** Audio waiting to be decoded in one session; above it the connection is paused until work catches up. */
  maxBacklog: number;
  /** Whisper's paper, section 4.5: probably no speech, and the text is not believed either. */
  maxNoSpeechProbability: number;
  minAverageLogprob: number;
}

export const defaultPolicy: StreamingPolicy = {
  startProbability: 0.5,
  silenceProbability: 0.35,
  endSilence: 0.4,
  preRoll: 0.3,
  minVoiced: 0.096,
  maxUtterance: 25,
  cutSearchFrom: 15,
  draftStep: 1,
  maxBacklog: 60,
  maxNoSpeechProbability: 0.6,
  minAverageLogprob: -1,
};

/** Whether a decode is to be shown: silence that was written about, and loops, are not. */
export function isBelievable(result: TranscribeResult, policy: StreamingPolicy): boolean {
  const { maxNoSpeechProbability, minAverageLogprob } = policy;
  const silence = result.noSpeechProbability > maxNoSpeechProbability && result.averageLogprob < minAverageLogprob;
  return !silence && !result.looped;
}
