import { setTimeout as delay } from 'node:timers/promises';
import { cpuSeconds, watchOthers } from '../measure/cpu.ts';
import { seededRandom, sum } from '../measure/statistics.ts';
import type { Voice } from '../measure/voices.ts';
import { addDelays, type Delays, delaysOf } from './heard.ts';
import type { AudioServer, Usage } from './servers.ts';
import { Speaker } from './speaker.ts';
import { planSpeech } from './speech-plan.ts';

export interface LiveRun extends Delays {
  speakers: number;
  audioSeconds: number;
  cpuPerAudioSecond: number;
  /** Cores that everything else on the machine used meanwhile. */
  others: number | undefined;
  /** What the service's own figures grew by. */
  figures: ReadonlyMap<string, number>;
}

/** Speakers begin within this, so that their steps do not fall on the same moment. */
const spreadMs = 1_500;

/** Lets so many people speak at once, each for about `seconds`, in real time, and times what is shown of it. */
export async function runSpeakers(
  server: AudioServer,
  { speakers, seconds, voices }: { speakers: number; seconds: number; voices: readonly Voice[] },
): Promise<LiveRun> {
  const speeches = Array.from({ length: speakers }, (_, speaker) => planSpeech(voices, { seconds, speaker }));
  using sockets = new DisposableStack();
  const connected: Speaker[] = [];
  for (const i of speeches.keys()) {
    const config = server.config(`bench-${speakers}-${i}-${Date.now()}`);
    connected.push(sockets.use(await Speaker.connect(server.url, config)));
  }
  const before = await server.usage();
  const [ownBefore, others] = [cpuSeconds(), watchOthers()];
  const random = seededRandom(speakers);
  const delays = await Promise.all(
    speeches.map(async (speech, i) => {
      await delay(random() * spreadMs);
      const shown = await connected[i]?.speak(speech.audio);
      return delaysOf(speech, shown ?? []);
    }),
  );
  const after = await server.usage();
  const used = after.cpuSeconds - before.cpuSeconds;
  const audioSeconds = sum(speeches.map(({ audio }) => audio.length / 16_000));
  return {
    ...addDelays(delays),
    ...{ speakers, audioSeconds, cpuPerAudioSecond: used / audioSeconds },
    others: others(used + cpuSeconds() - ownBefore),
    figures: difference(before.figures, after.figures),
  };
}

const difference = (before: Usage['figures'], after: Usage['figures']): ReadonlyMap<string, number> =>
  new Map([...(after ?? [])].map(([name, value]) => [name, value - (before?.get(name) ?? 0)]));
