/** Every threshold of the way from audio to text, in seconds unless its name says otherwise. */
export interface StreamingPolicy {
  /** An utterance starts when the voice probability passes this (Silero's own default). */
  startProbability: number;
  /** Below this a window counts as silence; lower than the start, so that a voice that fades does not flicker. */
  silenceProbability: number;
  /** So much silence closes an utterance whose words end a sentence: people who pause so long there have finished. */
  endSilenceAfterSentence: number;
  /** So much closes any other: breaths inside sentences are shorter, and a sentence cut in two is misheard twice. */
  endSilence: number;
  /** After so much silence the final is decoded, for the case that the utterance is over; if not, it was a draft. */
  earlyFinalSilence: number;
  /** Audio kept from before the start, because soft first consonants come before the voice is detected. */
  preRoll: number;
  /** Silence kept after the last voice, because last consonants fade; the rest may become the next one's pre-roll. */
  tail: number;
  /** Less voice than this is a click or a cough, not a word. */
  minVoiced: number;
  /** Whisper hears 30 s at most; without a pause an utterance is cut before that. */
  maxUtterance: number;
  /** The forced cut is made at the quietest point after this. */
  cutSearchFrom: number;
  /** Longer utterances let go of their finished sentences: up to here the encoder's window is at its shortest anyway. */
  sentenceCutFrom: number;
  /** Some people never end a sentence: longer ones are parted between any two words that a pause parts. */
  clauseCutFrom: number;
  /** Cuts are made in pauses of at least this, three windows of the voice detector: no word is so interrupted. */
  minCutPause: number;
  /** A sentence shorter than this stays with the next one: short clips are misheard more often. */
  minCutLength: number;
  /** New audio needed before the open utterance is decoded again for a draft. */
  draftStep: number;
  /** Under load the step grows to this; beyond it, drafts are given up. */
  maxDraftStep: number;
  /** The step grows so much sooner than drafts are given up: what drafts then cost less, all come earlier. */
  draftStretch: number;
  /** Audio waiting to be decoded in one session; above it the connection is paused until work catches up. */
  maxBacklog: number;
  /** Whisper's paper, section 4.5: probably no speech, and the text is not believed either. */
  maxNoSpeechProbability: number;
  minAverageLogprob: number;
  /** Text this unlikely is invented, whatever the no-speech probability: speech in the wrong language, a crowd, a cough. */
  hopelessLogprob: number;
  /**
   * More doubt than this, and "Thank you." or "you" was not said: over noise and music tiny.en doubts by 0.71 to 0.99, over
   * 31 clips of speech by 0.28 at most.
   */
  maxNoSpeechInPhrase: number;
  /** The same section: text that deflates so well repeats itself. */
  maxCompressionRatio: number;
  /** Characters of earlier text given to a decode: names and spelling come from the last sentences, and each costs time. */
  promptCharacters: number;
  /** After so long a silence somebody speaks of something else. */
  promptMaxAge: number;
  /** A final less likely than this may be wrong, and would lead the next one astray. */
  minPromptLogprob: number;
  /** A final less likely than this is decoded again without the text before it, and the likelier of the two counts. */
  minPromptedLogprob: number;
  /** A language this probable is kept for the next utterances; below it each utterance is asked anew. */
  sureOfLanguage: number;
  /** Less speech than this does not tell its language. */
  minLanguageVoiced: number;
  /** Text this unlikely in a language that was kept may be another language. */
  minLanguageLogprob: number;
}

export const defaultPolicy: StreamingPolicy = {
  startProbability: 0.5,
  silenceProbability: 0.35,
  endSilenceAfterSentence: 0.55,
  endSilence: 0.8,
  earlyFinalSilence: 0.2,
  preRoll: 0.3,
  tail: 0.3,
  minVoiced: 0.096,
  maxUtterance: 25,
  cutSearchFrom: 15,
  sentenceCutFrom: 10,
  clauseCutFrom: 18,
  minCutPause: 0.096,
  minCutLength: 2,
  draftStep: 0.8,
  maxDraftStep: 3,
  draftStretch: 2.5,
  maxBacklog: 60,
  maxNoSpeechProbability: 0.6,
  minAverageLogprob: -1,
  hopelessLogprob: -1.6,
  maxNoSpeechInPhrase: 0.5,
  maxCompressionRatio: 2.4,
  promptCharacters: 200,
  promptMaxAge: 10,
  minPromptLogprob: -0.7,
  minPromptedLogprob: -0.5,
  sureOfLanguage: 0.7,
  minLanguageVoiced: 1.5,
  minLanguageLogprob: -0.8,
};
