import { type Engine, startEngine } from '../../src/engine/engine.ts';
import { loadVoiceDetector } from '../../src/vad/silero.ts';
import type { Context } from '../context.ts';
import { threads } from '../measure/our-engine.ts';

/** What hears streams: one model and the voice detector. */
export interface Listener extends AsyncDisposable {
  model: string;
  engine: Engine;
  voices: Awaited<ReturnType<typeof loadVoiceDetector>>;
}

export async function createListener(model: string, { modelsDir }: Context): Promise<Listener> {
  const owned = new AsyncDisposableStack();
  const engine = owned.use(await startEngine({ model, modelsDir, threads }));
  const voices = owned.use(await loadVoiceDetector());
  return { model, engine, voices, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** So many streams are heard at once: enough to keep the engine busy. */
const atOnce = 4;

export async function mapSome<T, R>(items: readonly T[], work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const worker = async (): Promise<void> => {
    for (const [i, item] of rest) results[i] = await work(item, i);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
