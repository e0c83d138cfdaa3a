import { type SpokenRun, runSpeakers as speak } from '@vexa/load-tester/run-speakers';
import type { Voice } from '@vexa/load-tester/voices';
import { cpuSeconds, watchOthers } from '../measure/cpu.ts';
import type { AudioServer, Usage } from './servers.ts';

export interface LiveRun extends SpokenRun {
  cpuPerAudioSecond: number;
  /** Cores that everything else on the machine used meanwhile. */
  others: number | undefined;
  /** What the service's own figures grew by. */
  figures: ReadonlyMap<string, number>;
}

/** Lets so many people speak at once, each for about `seconds`, and measures what the server used for it. */
export async function runSpeakers(
  server: AudioServer,
  options: { speakers: number; seconds: number; voices: readonly Voice[] },
): Promise<LiveRun> {
  let begun = await begin(server);
  const run = await speak(server, {
    ...options,
    // What connecting took is not counted.
    onBegin: async () => {
      begun = await begin(server);
    },
  });
  const after = await server.usage();
  const used = after.cpuSeconds - begun.before.cpuSeconds;
  return {
    ...run,
    cpuPerAudioSecond: used / run.audioSeconds,
    others: begun.others(used + cpuSeconds() - begun.own),
    figures: difference(begun.before.figures, after.figures),
  };
}

const begin = async (server: AudioServer) => ({
  before: await server.usage(),
  own: cpuSeconds(),
  others: watchOthers(),
});

const difference = (before: Usage['figures'], after: Usage['figures']): ReadonlyMap<string, number> =>
  new Map([...(after ?? [])].map(([name, value]) => [name, value - (before?.get(name) ?? 0)]));
