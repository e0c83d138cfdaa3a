import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Cost } from '../measure/cpu.ts';
import { JsonLinesProcess } from './json-lines-process.ts';
import { type Environment, peerEnv } from './set-up.ts';

const Answer = z.union([
  z.object({ texts: z.array(z.string()), cpu: z.number(), wall: z.number(), peakKiB: z.number() }),
  z.object({ error: z.string() }),
]);

export interface PeerClip {
  audio: Float32Array;
  language: string;
}

/** faster-whisper with int8 weights, greedy, in a Python process of its own, which measures itself. */
export class FasterWhisper implements AsyncDisposable {
  readonly #process: JsonLinesProcess;
  readonly #dir = mkdtempSync(join(tmpdir(), 'vexa-bench-'));
  readonly #files = new Map<Float32Array, string>();

  private constructor(python: string, env: Environment) {
    const script = join(import.meta.dirname, 'faster_whisper_worker.py');
    this.#process = new JsonLinesProcess(python, [script], peerEnv(env));
  }

  /** Loads the model and decodes a second of silence, so that no figure holds a cold start. */
  static async start(
    python: string,
    model: { dir: string; threads: number },
    env: Environment,
  ): Promise<FasterWhisper> {
    const started = new FasterWhisper(python, env);
    try {
      await started.#ask(model);
      await started.transcribe([{ audio: new Float32Array(16_000), language: 'en' }]);
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** With `batch` above 1 that many clips at once, in its batched pipeline. */
  async transcribe(clips: readonly PeerClip[], batch = 1): Promise<{ texts: string[]; cost: Cost }> {
    const named = clips.map(({ audio, language }) => ({ pcm: this.#fileOf(audio), language }));
    const { texts, cpu, wall } = await this.#ask({ clips: named, batch });
    return { texts, cost: { cpu, wall } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #ask(request: unknown) {
    const answer = Answer.parse(await this.#process.ask(request));
    if ('error' in answer) throw new Error(`faster-whisper: ${answer.error}`);
    return answer;
  }

  #fileOf(audio: Float32Array): string {
    const known = this.#files.get(audio);
    if (known) return known;
    const file = join(this.#dir, `${this.#files.size}.f32`);
    writeFileSync(file, Buffer.from(audio.buffer, audio.byteOffset, audio.byteLength));
    this.#files.set(audio, file);
    return file;
  }
}
