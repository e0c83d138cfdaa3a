import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect, test } from 'vitest';
import { startEngineWith, type TranscribeJob } from '../src/engine/engine.ts';
import type { ModelFiles } from '../src/models/model-files.ts';

const script = new URL('./support/crashing-worker.mjs', import.meta.url);
const compute = { device: 'cpu', threads: 1 } as const;
const files: ModelFiles = {
  name: 'fake',
  precision: 'int8',
  dir: '',
  encoder: '',
  generate: '',
  align: '',
  tokenizer: '',
  config: '',
  multilingual: false,
  dimensions: { width: 1, heads: 1, encoderLayers: 1, decoderLayers: 1, vocabulary: 1, melBins: 80 },
  attentionLag: 0,
};
const job = (promptText?: string): TranscribeJob => ({
  audio: new Float32Array(16),
  language: null,
  task: 'transcribe',
  ...(promptText ? { promptText } : {}),
});

test('a clip whose worker dies is decoded by the next one', async () => {
  const lost: string[] = [];
  const shared = { ...files, deaths: new SharedArrayBuffer(4) };
  await using engine = await startEngineWith(shared, compute, script, {
    onWorkerLost: ({ message }) => lost.push(message),
  });
  await expect(engine.transcribe(job('crash once'))).resolves.toMatchObject({ text: 'fine' });
  expect(lost).toEqual(['the transcription worker stopped: out of memory']);
  await waitFor('the engine to say that it is ready', () => engine.ready);
});

test('a clip that kills every worker is given up; the clips after it are decoded as before', async () => {
  await using engine = await startEngineWith(files, compute, script);
  for (let round = 0; round < 2; round += 1) {
    await expect(engine.transcribe(job('crash'))).rejects.toThrow('out of memory');
    await expect(engine.transcribe(job())).resolves.toMatchObject({ text: 'fine' });
  }
});

test('a clip that is a view into a larger buffer is sent alone and stays usable', async () => {
  await using engine = await startEngineWith(files, compute, script);
  const buffer = new Float32Array(32);
  await engine.transcribe({ ...job(), audio: buffer.subarray(4, 8) });
  expect(buffer.length).toBe(32);
});

test('a disposed engine refuses work', async () => {
  const engine = await startEngineWith(files, compute, script);
  await engine[Symbol.asyncDispose]();
  await expect(engine.transcribe(job())).rejects.toThrow('closed');
});

test('an engine closed while its worker is being replaced ends at once', async () => {
  const engine = await startEngineWith(files, compute, script);
  const decoding = engine.transcribe(job('crash'));
  await Promise.all([expect(decoding).rejects.toThrow('closed'), engine[Symbol.asyncDispose]()]);
});
