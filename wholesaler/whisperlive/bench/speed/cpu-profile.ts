import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { speakable } from '@vexa/load-tester/voices';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { runSpeakers } from '../live/run-speakers.ts';
import { startService } from '../live/servers.ts';
import { proofDir } from '../measure/report.ts';

const speakers = 4;
const shownRows = 25;

const Profile = z.object({
  nodes: z.array(z.object({ id: z.int(), callFrame: z.object({ functionName: z.string(), url: z.string() }) })),
  samples: z.array(z.int()),
  timeDeltas: z.array(z.number()),
});

/**
 * Which JavaScript the service's threads run while four people speak: by file, and what V8 tells of the rest. The
 * profiles stay in `proof/cpu` for a viewer. Work inside ONNX Runtime's own threads is not JavaScript: see `stages`.
 */
export async function benchCpuProfile(context: Context): Promise<void> {
  const { report, models, voices } = context;
  const model = models[0] ?? 'tiny.en';
  const dir = join(proofDir, 'cpu');
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  report.progress(`${model}: the service's JavaScript while ${speakers} people speak`);
  const run = await (async () => {
    await using server = await startService(context, { model, nodeArgs: ['--cpu-prof', `--cpu-prof-dir=${dir}`] });
    return runSpeakers(server, { speakers, seconds: 20, voices: speakable(voices) });
  })();
  for (const file of readdirSync(dir)) {
    const rows = selfTimes(Profile.parse(JSON.parse(readFileSync(join(dir, file), 'utf8'))));
    report.table(
      `${file}: ms of JavaScript for each second of audio`,
      ['', 'ms'],
      rows.slice(0, shownRows).map(([where, ms]) => [where, (ms / run.audioSeconds).toFixed(3)]),
    );
  }
}

/** Milliseconds by file, the longest first. */
function selfTimes({ nodes, samples, timeDeltas }: z.infer<typeof Profile>): [string, number][] {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame.url) || callFrame.functionName]));
  const total = new Map<string, number>();
  for (const [i, id] of samples.entries()) {
    const place = places.get(id) ?? 'unknown';
    total.set(place, (total.get(place) ?? 0) + (timeDeltas[i] ?? 0) / 1000);
  }
  return [...total].sort((a, b) => b[1] - a[1]);
}

function placeOf(url: string): string {
  const parts = url.split('/node_modules/');
  if (parts.length > 1) return (parts.at(-1) ?? '').split('/').slice(0, 2).join('/');
  return url.replace(/^.*\/(wholesaler|shared)\//, '');
}
