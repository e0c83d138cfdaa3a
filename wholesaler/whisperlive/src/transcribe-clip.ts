import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { type Engine, startEngine } from './engine/engine.ts';
import { maxSeconds, sampleRate } from './engine/mel.ts';
import { defaultModelsDir } from './models/models-dir.ts';
import { quietestPoint } from './streaming/quietest-point.ts';
import { readWav } from './wav.ts';

const longest = maxSeconds * sampleRate;
/** A longer file is cut at the quietest point in the last 10 s that fit. */
const searchFrom = longest - 10 * sampleRate;

/** One engine per model for the whole process: loading costs more than most clips. */
const engines = new Map<string, Promise<Engine>>();

/**
 * The words of a 16 kHz mono WAV file of any length, without streaming: the baseline a live transcript is compared
 * with. An idle engine does not keep the process alive; `closeClips` frees it earlier.
 */
export async function transcribeClip(
  path: string,
  model = 'tiny.en',
  modelsDir: string = defaultModelsDir(),
): Promise<string> {
  const engine = await engineOf(model, modelsDir);
  let rest = readWav(await readFile(path));
  const texts: string[] = [];
  while (rest.length > 0) {
    const cut = rest.length <= longest ? rest.length : quietestPoint(rest.subarray(0, longest), searchFrom);
    const { text } = await engine.transcribe({ audio: rest.subarray(0, cut), language: null, task: 'transcribe' });
    if (text) texts.push(text);
    rest = rest.subarray(cut);
  }
  return texts.join(' ');
}

export async function closeClips(): Promise<void> {
  const closing = [...engines.values()];
  engines.clear();
  for (const engine of closing) await (await engine)[Symbol.asyncDispose]();
}

function engineOf(model: string, modelsDir: string): Promise<Engine> {
  const key = `${modelsDir}\n${model}`;
  const running = engines.get(key);
  if (running) return running;
  const engine = startEngine({ model, modelsDir, threads: availableParallelism() });
  engines.set(key, engine);
  // A failed start is not kept, so that the next call tries again.
  engine.catch(() => engines.delete(key));
  return engine;
}
