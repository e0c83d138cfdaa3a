import type { Task } from '@vexa/shared/contracts/meeting';
import type { SpokenWord } from '@vexa/shared/contracts/stream-messages';
import type { TranscribeJob, TranscribeResult } from '../engine/engine.ts';
import { isBelievable } from '../streaming/hallucination-guard.ts';
import type { StreamingPolicy } from '../streaming/policy.ts';
import { finalTimes, wordsInSession } from '../streaming/session-words.ts';
import { seconds } from '../streaming/utterance-detector.ts';
import type { VoiceDetector } from '../vad/silero.ts';
import { AudioFileError } from './audio-file-error.ts';
import { findUtterances, type SpokenUtterance } from './utterances.ts';

export interface FileSettings {
  /** Null to take the one that is first recognised with some certainty. */
  language: string | null;
  task: Task;
  /** Words that may come: names, spelling. */
  prompt?: string | undefined;
  /** Whether to tell when each word was said. */
  wordTimes?: boolean;
}

/** One utterance of a file; times are seconds from the file's beginning. */
export interface FileSegment {
  start: number;
  end: number;
  text: string;
  /** Only when asked for. */
  words: SpokenWord[];
  language: string;
  averageLogprob: number;
  noSpeechProbability: number;
}

interface Dependencies {
  decode: (job: TranscribeJob) => Promise<TranscribeResult>;
  voice: VoiceDetector;
  policy: StreamingPolicy;
  signal: AbortSignal;
}

/** More is refused: a few megabytes of a well-packed silence can be weeks. */
const maxAudioSeconds = 4 * 3600;
const sureOfLanguage = 0.5;

/**
 * What is said in a recording, an utterance at a time and never more than one of them in the queue; returns its length in
 * seconds. Reads no further than it decoded. Throws `AudioFileError` over 4 hours, and the signal's reason.
 */
export async function* transcribeFile(
  pieces: AsyncIterable<Float32Array>,
  settings: FileSettings,
  deps: Dependencies,
): AsyncGenerator<FileSegment, number> {
  const { voice, policy, signal } = deps;
  const utterances = findUtterances(bounded(pieces, signal), { voice, policy });
  let { language } = settings;
  try {
    for (;;) {
      const next = await utterances.next();
      if (next.done) return seconds(next.value);
      signal.throwIfAborted();
      const result = await decodeUtterance(next.value, { ...settings, language }, deps);
      if (!result?.text) continue;
      if (result.languageProbability >= sureOfLanguage) language ??= result.language;
      yield segmentOf(next.value, result);
    }
  } finally {
    await utterances.return(0);
  }
}

async function decodeUtterance(
  { audio, voicedSamples }: SpokenUtterance,
  { language, task, prompt, wordTimes = false }: FileSettings,
  { decode, policy }: Dependencies,
): Promise<TranscribeResult | undefined> {
  const job: TranscribeJob = { audio, voicedSeconds: seconds(voicedSamples), language, task, wordTimes };
  const result = await decode(prompt ? { ...job, promptText: prompt } : job);
  if (isBelievable(result, policy)) return result;
  if (!prompt) return undefined;
  // A prompt that does not fit what is said can lead the model astray.
  const unprompted = await decode(job);
  return isBelievable(unprompted, policy) ? unprompted : undefined;
}

function segmentOf(utterance: SpokenUtterance, result: TranscribeResult): FileSegment {
  const words = wordsInSession(result.words, utterance);
  return {
    ...finalTimes(words, utterance),
    text: result.text.trim(),
    words,
    language: result.language,
    averageLogprob: result.averageLogprob,
    noSpeechProbability: result.noSpeechProbability,
  };
}

async function* bounded(pieces: AsyncIterable<Float32Array>, signal: AbortSignal): AsyncGenerator<Float32Array> {
  let count = 0;
  for await (const piece of pieces) {
    signal.throwIfAborted();
    count += piece.length;
    if (seconds(count) > maxAudioSeconds) {
      throw new AudioFileError('too_long', `The file holds more than ${maxAudioSeconds / 3600} hours of audio.`);
    }
    yield piece;
  }
}
