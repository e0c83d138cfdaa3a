import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeClip } from '../src/engine/decode.ts';
import { loadWhisper } from '../src/engine/whisper-sessions.ts';
import { buildGraphs } from '../src/graphs/build-graphs.ts';
import type { WhisperPrecision } from '../src/graphs/precision.ts';
import { ensureModel } from '../src/models/ensure-model.ts';
import type { ModelFiles } from '../src/models/model-files.ts';
import { readWav } from '../src/wav.ts';
import { modelsDir } from './support/models-dir.ts';
import { voicesDir } from './support/recordings.ts';

/** How the tokens were made is told in the file itself. */
const reference: { clips: Record<string, { frames: number; tokens: number[] }> } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'fixtures/reference-tokens.json'), 'utf8'),
);
const clips = Object.entries(reference.clips);

let dir: string;
let int8: ModelFiles;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vexa-reference-'));
  int8 = await ensureModel('tiny.en', { modelsDir });
}, 300_000);
afterAll(() => rm(dir, { recursive: true }));

async function build(precision: WhisperPrecision): Promise<ModelFiles> {
  const folder = join(dir, precision);
  await buildGraphs(int8.dir, folder, precision);
  const files = { encoder: join(folder, 'encoder.onnx'), generate: join(folder, 'generate.onnx') };
  return { ...int8, ...files, align: join(folder, 'align.onnx'), precision };
}

const audioOf = (file: string): Float32Array => readWav(readFileSync(join(voicesDir, file)));

/** How many tokens must be added, dropped or changed to get the reference's. */
async function differences(files: ModelFiles, chosen = clips): Promise<number> {
  const model = await loadWhisper(files, { device: 'cpu', threads: 2 });
  let edits = 0;
  for (const [file, { frames, tokens }] of chosen) {
    const job = { audio: audioOf(file), language: 'en', task: 'transcribe' } as const;
    const { words } = await decodeClip(model, job, () => ({ positions: frames / 2, tail: [] }));
    edits += editDistance(
      words.flatMap((word) => word.tokens),
      tokens,
    );
  }
  return edits;
}

function editDistance(a: readonly number[], b: readonly number[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, token] of a.entries()) {
    const next = [i + 1];
    for (const [j, other] of b.entries()) {
      const changed = (row[j] ?? 0) + (token === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

test('float32 graphs give exactly the tokens of an independent implementation', { timeout: 120_000 }, async () => {
  expect(await differences(await build('fp32'))).toBe(0);
});

test('float16 graphs give them too, but for a comma', { timeout: 120_000 }, async () => {
  expect(await differences(await build('fp16'), clips.slice(0, 3))).toBeLessThanOrEqual(1);
});

test('8 bits change no more than one token in fifteen', { timeout: 120_000 }, async () => {
  const total = clips.reduce((sum, [, { tokens }]) => sum + tokens.length, 0);
  expect(await differences(int8)).toBeLessThanOrEqual(total / 15);
});
