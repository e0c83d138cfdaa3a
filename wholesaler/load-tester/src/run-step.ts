import { setTimeout as delay } from 'node:timers/promises';
import { countLosses } from './count-losses.ts';
import { addDelays, delaysOf } from './heard.ts';
import { type AudioTarget, spreadMs } from './run-speakers.ts';
import { type Heard, speakThrough } from './speak-through.ts';
import { planSpeech } from './speech-plan.ts';
import { percentile, seededRandom, sum } from './statistics.ts';
import type { Voice } from './voices.ts';

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
  /** Times a connection was refused because the server was full. */
  refused: number;
  /** What became of speakers who could not speak to the end. */
  errors: string[];
}

interface StepOptions {
  speakers: number;
  seconds: number;
  voices: readonly Voice[];
}

/** Lets so many people speak at once, each for about `seconds`, as bots do that lose their connections. */
export async function runStep(target: AudioTarget, { speakers, seconds, voices }: StepOptions): Promise<StepResult> {
  const random = seededRandom(speakers);
  const speeches = Array.from({ length: speakers }, (_, speaker) => planSpeech(voices, { seconds, speaker }));
  const outcomes = await Promise.allSettled(
    speeches.map(async (speech, i) => {
      await delay(random() * spreadMs);
      return speakThrough(target, `load-${speakers}-${i}-${Date.now()}`, speech.audio);
    }),
  );
  const nothing: Heard = { timeline: [], finals: [], connections: 1, refusals: 0 };
  const heard = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : nothing));
  const delays = addDelays(speeches.map((speech, i) => delaysOf(speech, heard[i]?.timeline ?? [])));
  const losses = speeches.map((speech, i) => countLosses(speech, heard[i]?.finals ?? []));
  return {
    speakers,
    audioSeconds: sum(speeches.map(({ audio }) => audio.length / 16_000)),
    first: percentilesOf(delays.first),
    final: percentilesOf(delays.final),
    words: delays.words,
    unseen: delays.unseen,
    utterances: delays.utterances,
    lost: sum(losses.map(({ lost }) => lost)),
    doubled: sum(losses.map(({ doubled }) => doubled)),
    reconnects: sum(heard.map(({ connections }) => connections - 1)),
    refused: sum(heard.map(({ refusals }) => refusals)),
    errors: outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : [])),
  };
}

const percentilesOf = (values: readonly number[]): Percentiles => ({
  p50: percentile(values, 0.5),
  p95: percentile(values, 0.95),
  p99: percentile(values, 0.99),
});
