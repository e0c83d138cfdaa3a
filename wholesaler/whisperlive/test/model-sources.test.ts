import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { ensureModel, pullModel, type Source } from '../src/models/ensure-model.ts';
import { verifyModel } from '../src/models/inspect-model.ts';
import { cachedModels } from '../src/models/model-cache.ts';
import { ModelError } from '../src/models/model-error.ts';
import type { ModelProgress } from '../src/models/progress.ts';
import { flipByte } from './support/flip-byte.ts';
import { modelsDir as sharedDir } from './support/models-dir.ts';
import { writeToyModel } from './support/toy-model.ts';

// Each pull builds graphs, which a busy machine takes its time for.
vi.setConfig({ testTimeout: 300_000 });

const name = 'tiny.en';
/** A small model under the name of a large one: sources are not asked what a model can do. */
let toy: string;
let modelsDir: string;
beforeAll(async () => {
  toy = await mkdtemp(join(tmpdir(), 'vexa-toy-'));
  writeToyModel(toy, (await ensureModel(name, { modelsDir: sharedDir })).tokenizer);
}, 300_000);
afterAll(() => rm(toy, { recursive: true }));
beforeEach(async () => {
  modelsDir = await mkdtemp(join(tmpdir(), 'vexa-sources-'));
});
afterEach(() => rm(modelsDir, { recursive: true, force: true }));

const unreachable: Source = {
  name: 'the hub',
  pull: () => Promise.reject(new TypeError('fetch failed', { cause: new Error('no such host') })),
};
const wrong: Source = {
  name: 'a mirror',
  pull: () => Promise.reject(new ModelError('bad_checksum', 'model.bin has checksum 1 instead of 2')),
};
const working = (): Source & { pulls: number } => ({
  name: 'a shelf',
  pulls: 0,
  async pull({ dir }) {
    this.pulls += 1;
    await cp(toy, dir, { recursive: true });
  },
});

test('when one source fails the next delivers, and the user hears why', async () => {
  const heard: ModelProgress[] = [];
  const onProgress = (progress: ModelProgress): void => void heard.push(progress);
  await ensureModel(name, { modelsDir, onProgress, sources: [unreachable, working()] });
  await expect(verifyModel(modelsDir, name)).resolves.toBeUndefined();
  expect(heard[0]).toEqual({ stage: 'failover', source: 'the hub', reason: 'no such host' });
  expect(heard.map(({ stage }) => stage)).toEqual(['failover', 'verify', 'graphs']);
});

test('when no source delivers, the error names every reason and what to do instead', async () => {
  const refused = ensureModel(name, { modelsDir, sources: [unreachable, wrong] });
  await expect(refused).rejects.toMatchObject({ problem: 'bad_checksum' });
  await expect(refused).rejects.toThrow(/the hub: no such host; a mirror: model\.bin has checksum.*models -- import/);
  expect(cachedModels(modelsDir)).toEqual([]);
});

test('two who ask at once share one download', async () => {
  const source = working();
  const both = [1, 2].map(() => ensureModel(name, { modelsDir, sources: [source] }));
  const [first, second] = await Promise.all(both);
  expect(first).toEqual(second);
  expect(source.pulls).toBe(1);
});

test('a pull that ended half way is repeated cleanly', async () => {
  const halfway: Source = {
    name: 'a cut line',
    async pull({ dir }) {
      await writeFile(join(dir, 'model.safetensors'), 'half');
      throw new Error('connection reset');
    },
  };
  await expect(ensureModel(name, { modelsDir, sources: [halfway] })).rejects.toMatchObject({ problem: 'no_source' });
  expect(cachedModels(modelsDir)).toEqual([]);
  await ensureModel(name, { modelsDir, sources: [working()] });
  await expect(verifyModel(modelsDir, name)).resolves.toBeUndefined();
});

test('pull fetches a model again when one byte of its weights has changed', async () => {
  await ensureModel(name, { modelsDir, sources: [working()] });
  await flipByte(join(modelsDir, name, 'model.safetensors'));
  const source = working();
  await pullModel(name, { modelsDir, sources: [source] });
  expect(source.pulls).toBe(1);
  await expect(verifyModel(modelsDir, name)).resolves.toBeUndefined();
});

test('damaged weights are kept and named when there is nowhere to fetch them from', async () => {
  await ensureModel(name, { modelsDir, sources: [working()] });
  await flipByte(join(modelsDir, name, 'model.safetensors'));
  const refused = pullModel(name, { modelsDir, sources: [] });
  await expect(refused).rejects.toMatchObject({ problem: 'damaged' });
  expect(cachedModels(modelsDir)).toEqual([name]);
});

test('too little space is said before anything is fetched', async () => {
  const source = working();
  const refused = ensureModel(name, { modelsDir, sources: [source], freeBytes: async () => 200_000_000 });
  await expect(refused).rejects.toMatchObject({ problem: 'no_space' });
  await expect(refused).rejects.toThrow(/too little free space: 304 MB are needed for tiny\.en; .*VEXA_MODELS_DIR/);
  expect(source.pulls).toBe(0);
});

test('a disk that fills up during the download is named, and no other source is tried', async () => {
  const full: Source = {
    name: 'a shelf',
    pull: () => Promise.reject(Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' })),
  };
  const next = working();
  const refused = ensureModel(name, { modelsDir, sources: [full, next] });
  await expect(refused).rejects.toMatchObject({ problem: 'no_space' });
  await expect(refused).rejects.toThrow('the disk is full');
  expect(next.pulls).toBe(0);
});

test('a misspelt name is answered with the likest and with all there are', async () => {
  const refused = ensureModel('tiny-en', { modelsDir, sources: [] });
  await expect(refused).rejects.toMatchObject({ problem: 'unknown_model' });
  await expect(refused).rejects.toThrow(
    /no model "tiny-en" \(did you mean tiny\.en\?\); known are tiny, tiny\.en, base,/,
  );
});

test('a folder that cannot be written is named', async () => {
  const file = join(modelsDir, 'file');
  await writeFile(file, '');
  const refused = ensureModel(name, { modelsDir: join(file, 'models'), sources: [working()] });
  await expect(refused).rejects.toMatchObject({ problem: 'not_writable' });
  await expect(refused).rejects.toThrow('VEXA_MODELS_DIR');
});
