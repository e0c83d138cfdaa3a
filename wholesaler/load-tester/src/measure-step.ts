import { countLosses } from './count-losses.ts';
import { addDelays, delaysOf, type Shown, type ShownSegment } from './heard.ts';
import type { Speech } from './speech-plan.ts';
import { percentile, sum } from './statistics.ts';

export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

/** What happened while so many spoke at once; delays in seconds. */
export interface StepResult {
  speakers: number;
  audioSeconds: number;
  /** From the end of a word to the moment when it was first shown. */
  first: Percentiles;
  /** From the end of an utterance to the moment when it was final. */
  final: Percentiles;
  words: number;
  /** Words that were never shown as they were said: misheard or lost. */
  unseen: number;
  utterances: number;
  /** Utterances that no final segment covers. */
  lost: number;
  /** Final segments that repeat another one. */
  doubled: number;
  /** Connections that replaced a lost one. */
  reconnects: number;
  /** Times a connection or a bot was refused because there was no room for it. */
  refused: number;
  /** What became of speakers or meetings that did not come to their end. */
  errors: string[];
}

interface Said {
  speech: Speech;
  /** By the clock of the speech. */
  timeline: readonly Shown[];
  finals: readonly ShownSegment[];
}

/** The figures of what everybody said and what became of it. */
export function stepResult(all: readonly Said[]): Omit<StepResult, 'reconnects' | 'refused' | 'errors'> {
  const delays = addDelays(all.map(({ speech, timeline }) => delaysOf(speech, timeline)));
  const losses = all.map(({ speech, finals }) => countLosses(speech, finals));
  return {
    speakers: all.length,
    audioSeconds: sum(all.map(({ speech }) => speech.audio.length / 16_000)),
    first: percentilesOf(delays.first),
    final: percentilesOf(delays.final),
    words: delays.words,
    unseen: delays.unseen,
    utterances: delays.utterances,
    lost: sum(losses.map(({ lost }) => lost)),
    doubled: sum(losses.map(({ doubled }) => doubled)),
  };
}

export const percentilesOf = (values: readonly number[]): Percentiles => ({
  p50: percentile(values, 0.5),
  p95: percentile(values, 0.95),
  p99: percentile(values, 0.99),
});
