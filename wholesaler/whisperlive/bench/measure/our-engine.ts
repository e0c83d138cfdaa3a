import { availableParallelism } from 'node:os';
import { type Engine, startEngine, type TranscribeJob, type TranscribeResult } from '../../src/engine/engine.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { defaultPolicy } from '../../src/streaming/policy.ts';
import { loadVoiceDetector, vadWindow } from '../../src/vad/silero.ts';

export const threads = availableParallelism();

/** Our own engine behind its scheduler, as the service uses them. */
export interface OurEngine extends AsyncDisposable {
  readonly engine: Engine;
  readonly scheduler: Scheduler;
  /** As a stream that closes an utterance asks for its final. */
  decode(job: TranscribeJob): Promise<TranscribeResult>;
}

/** Loads the model and decodes a second of silence, so that no figure holds a cold start. */
export async function startOurEngine(model: string, modelsDir: string): Promise<OurEngine> {
  // As the service has them: a worker of one thread for each core.
  const engine = await startEngine({ model, modelsDir, workers: threads, threads: 1 });
  const scheduler = new Scheduler(engine);
  const silence = { audio: new Float32Array(16_000), language: 'en', task: 'transcribe' } as const;
  await Promise.all(Array.from({ length: threads }, (_, worker) => engine.transcribe(silence, worker)));
  return {
    engine,
    scheduler,
    decode: (job) => scheduler.final(job),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

/** Seconds of voice in each recording, which finals of live audio are told as well. */
export async function voicedSeconds(recordings: readonly { audio: Float32Array }[]): Promise<number[]> {
  await using detectors = await loadVoiceDetector();
  const found: number[] = [];
  for (const { audio } of recordings) {
    const detector = detectors.create();
    let windows = 0;
    for (let at = 0; at + vadWindow <= audio.length; at += vadWindow) {
      const probability = await detector.probability(audio.slice(at, at + vadWindow));
      if (probability > defaultPolicy.startProbability) windows += 1;
    }
    found.push((windows * vadWindow) / 16_000);
  }
  return found;
}
