import { shortVoices } from '@vexa/load-tester/voices';
import { ensureModel } from '../../src/models/ensure-model.ts';
import type { Context } from '../context.ts';
import { startOurEngine } from '../measure/our-engine.ts';
import { FasterWhisper } from '../peers/faster-whisper.ts';
import { peerModel } from '../peers/set-up.ts';
import { measureClipLengths } from './clip-lengths.ts';
import { measureThroughput } from './throughput.ts';

/** Speed by number of streams and by length of a clip, next to faster-whisper with the same weights. */
export async function benchThroughput(context: Context): Promise<void> {
  const { report, modelsDir, models, voices, quick } = context;
  for (const [i, model] of models.entries()) {
    await using ours = await startOurEngine(model, modelsDir);
    await using peer = await startPeer(context, model);
    const chosen = shortVoices(voices, ours.engine.multilingual);
    const streams = quick ? [1, 8] : [1, 2, 4, 8, 16];
    // The time of a run is bounded; larger models vary less.
    const repetitions = quick ? 1 : i === 0 ? 3 : 2;
    await measureThroughput({ model, voices: chosen, ours, peer, repetitions, streams, quick }, report);
    await measureClipLengths({ model, voices: chosen, ours, peer, repetitions }, report);
  }
}

export async function startPeer({ peers, env, modelsDir }: Context, model: string): Promise<FasterWhisper | undefined> {
  if (!peers) return undefined;
  const dir = peerModel(await ensureModel(model, { modelsDir }));
  // One thread, as each of our workers has: what threads wait for each other is in nobody's figures.
  return FasterWhisper.start(peers.python, { dir, threads: 1 }, env);
}
