import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ensureModel, pullModel, type Source } from '../src/models/ensure-model.ts';
import { cachedModels, verifyModel } from '../src/models/model-cache.ts';
import { ModelError } from '../src/models/model-error.ts';
import type { ModelProgress } from '../src/models/progress.ts';
import { modelsDir as sharedDir } from './support/models-dir.ts';

const name = 'tiny.en';
let realDir: string;
let modelsDir: string;
beforeAll(async () => {
  realDir = (await ensureModel(name, { modelsDir: sharedDir })).dir;
}, 300_000);
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
    for (const file of ['model.bin', 'config.json', 'tokenizer.json'])
      await copyFile(join(realDir, file), join(dir, file));
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
      await writeFile(join(dir, 'model.bin'), 'half');
      throw new Error('connection reset');
    },
  };
  await expect(ensureModel(name, { modelsDir, sources: [halfway] })).rejects.toMatchObject({ problem: 'no_source' });
  expect(cachedModels(modelsDir)).toEqual([]);
  await ensureModel(name, { modelsDir, sources: [working()] });
  await expect(verifyModel(modelsDir, name)).resolves.toBeUndefined();
});

test('pull repairs a damaged model', async () => {
  await ensureModel(name, { modelsDir, sources: [working()] });
  await writeFile(join(modelsDir, name, 'model.bin'), 'oops');
  await pullModel(name, { modelsDir, sources: [working()] });
  await expect(verifyModel(modelsDir, name)).resolves.toBeUndefined();
});

test('a folder that cannot be written is named', async () => {
  const file = join(modelsDir, 'file');
  await writeFile(file, '');
  const refused = ensureModel(name, { modelsDir: join(file, 'models'), sources: [working()] });
  await expect(refused).rejects.toMatchObject({ problem: 'not_writable' });
  await expect(refused).rejects.toThrow('VEXA_MODELS_DIR');
});
