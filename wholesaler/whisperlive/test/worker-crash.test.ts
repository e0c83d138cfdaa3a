import { expect, test } from 'vitest';
import { startEngineWith, type TranscribeJob } from '../src/engine/engine.ts';
import type { ModelFiles } from '../src/models/model-files.ts';

const script = new URL('./support/crashing-worker.mjs', import.meta.url);
const files: ModelFiles = {
  name: 'fake',
  dir: '',
  encoder: '',
  generate: '',
  tokenizer: '',
  config: '',
  multilingual: false,
  dimensions: { width: 1, heads: 1, encoderLayers: 1, decoderLayers: 1, vocabulary: 1, melBins: 80 },
};
const job = (promptText?: string): TranscribeJob => ({
  audio: new Float32Array(16),
  language: null,
  task: 'transcribe',
  ...(promptText ? { promptText } : {}),
});

test('a crash fails the jobs of that worker, and a new worker takes the next ones', async () => {
  await using engine = await startEngineWith(files, 1, script);
  const lost = await Promise.allSettled([engine.transcribe(job('crash')), engine.transcribe(job())]);
  expect(lost.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(String(lost[0]?.status === 'rejected' && lost[0].reason)).toContain('out of memory');
  await expect(engine.transcribe(job())).resolves.toMatchObject({ text: 'fine' });
});

test('a second crash is the end, and every later job says so', async () => {
  await using engine = await startEngineWith(files, 1, script);
  await expect(engine.transcribe(job('crash'))).rejects.toThrow('stopped');
  await expect(engine.transcribe(job('crash'))).rejects.toThrow('stopped');
  await expect(engine.transcribe(job())).rejects.toThrow('gave up');
});

test('a clip that is a view into a larger buffer is sent alone and stays usable', async () => {
  await using engine = await startEngineWith(files, 1, script);
  const buffer = new Float32Array(32);
  await engine.transcribe({ ...job(), audio: buffer.subarray(4, 8) });
  expect(buffer.length).toBe(32);
});

test('a disposed engine refuses work', async () => {
  const engine = await startEngineWith(files, 1, script);
  await engine[Symbol.asyncDispose]();
  await expect(engine.transcribe(job())).rejects.toThrow('closed');
});
