import { setTimeout as delay } from 'node:timers/promises';
import { type StepResult, stepResult } from './measure-step.ts';
import { type AudioTarget, spreadMs } from './run-speakers.ts';
import { type Heard, speakThrough } from './speak-through.ts';
import { planSpeech } from './speech-plan.ts';
import { seededRandom, sum } from './statistics.ts';
import type { Voice } from './voices.ts';

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
  return {
    ...stepResult(speeches.map((speech, i) => ({ speech, ...(heard[i] ?? nothing) }))),
    reconnects: sum(heard.map(({ connections }) => connections - 1)),
    refused: sum(heard.map(({ refusals }) => refusals)),
    errors: outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : [])),
  };
}
