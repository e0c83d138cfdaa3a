import { setTimeout as delay } from 'node:timers/promises';
import { addDelays, type Delays, delaysOf } from './heard.ts';
import { Speaker } from './speaker.ts';
import { planSpeech } from './speech-plan.ts';
import { seededRandom, sum } from './statistics.ts';
import type { Voice } from './voices.ts';

/** Where audio connections go. */
export interface AudioTarget {
  readonly url: string;
  /** The first message of a connection. */
  config(uid: string): Record<string, unknown>;
}

export interface SpokenRun extends Delays {
  speakers: number;
  audioSeconds: number;
}

/** Speakers begin within this, so that their steps do not fall on the same moment. */
export const spreadMs = 1_500;

/**
 * Lets so many people speak at once, each for about `seconds`, in real time, and times what is shown of it. `onBegin` is
 * called when all are connected. Rejects with `RefusedError` when the server is full.
 */
export async function runSpeakers(
  target: AudioTarget,
  { speakers, seconds, voices, onBegin }: RunOptions,
): Promise<SpokenRun> {
  const speeches = Array.from({ length: speakers }, (_, speaker) => planSpeech(voices, { seconds, speaker }));
  using sockets = new DisposableStack();
  const connected: Speaker[] = [];
  for (const i of speeches.keys()) {
    const config = target.config(`bench-${speakers}-${i}-${Date.now()}`);
    connected.push(sockets.use(await Speaker.connect(target.url, config)));
  }
  await onBegin?.();
  const random = seededRandom(speakers);
  const delays = await Promise.all(
    speeches.map(async (speech, i) => {
      await delay(random() * spreadMs);
      const shown = await connected[i]?.speak(speech.audio);
      return delaysOf(speech, shown ?? []);
    }),
  );
  return { ...addDelays(delays), speakers, audioSeconds: sum(speeches.map(({ audio }) => audio.length / 16_000)) };
}

interface RunOptions {
  speakers: number;
  seconds: number;
  voices: readonly Voice[];
  onBegin?: () => Promise<void>;
}
