import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureModel, removeModel } from '../src/models/ensure-model.ts';
import { importModel } from '../src/models/import-model.ts';
import { cachedModels, graphsFolder, readCache, verifyModel } from '../src/models/model-cache.ts';
import { modelsDir as sharedDir } from './support/models-dir.ts';

const name = 'tiny.en';
let modelsDir: string;
beforeEach(async () => {
  const { dir } = await ensureModel(name, { modelsDir: sharedDir });
  modelsDir = await mkdtemp(join(tmpdir(), 'vexa-models-'));
  await cp(dir, join(modelsDir, name), { recursive: true });
}, 300_000);
afterEach(() => rm(modelsDir, { recursive: true, force: true }));

/** A model the catalogue does not know: no source could deliver it, so only the cache can. */
const offlineName = 'my-model';

test('a complete cache needs no network', async () => {
  await cp(join(modelsDir, name), join(modelsDir, offlineName), { recursive: true });
  await expect(ensureModel(offlineName, { modelsDir })).resolves.toMatchObject({ multilingual: false });
});

test('an intact model verifies, one flipped byte does not', async () => {
  await expect(verifyModel(modelsDir, name)).resolves.toBeUndefined();
  const path = join(modelsDir, name, 'model.bin');
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(50_000_000) ^ 1, 50_000_000);
  await writeFile(path, bytes);
  await expect(verifyModel(modelsDir, name)).rejects.toMatchObject({ problem: 'damaged' });
});

test('a file cut short is noticed before it is loaded, and the message says what to do', async () => {
  await truncate(join(modelsDir, name, graphsFolder('int8'), 'encoder.weights'), 1000);
  const refused = expect(ensureModel(name, { modelsDir })).rejects;
  await refused.toThrow('encoder.weights has 1000 bytes instead of');
  await expect(ensureModel(name, { modelsDir })).rejects.toThrow(`models -- pull ${name}`);
});

test('graphs of an older builder are built again from the weights, without the network', async () => {
  await cp(join(modelsDir, name), join(modelsDir, offlineName), { recursive: true });
  await rm(join(modelsDir, offlineName, graphsFolder('int8')), { recursive: true });
  expect(readCache(modelsDir, offlineName).state).toBe('weights');
  await ensureModel(offlineName, { modelsDir });
  await expect(verifyModel(modelsDir, offlineName)).resolves.toBeUndefined();
});

test('a folder is imported under a new name, listed, and removed', async () => {
  await importModel({ folder: join(modelsDir, name), name: offlineName, modelsDir });
  expect(cachedModels(modelsDir)).toEqual([offlineName, name].toSorted());
  await removeModel(offlineName, modelsDir);
  expect(cachedModels(modelsDir)).toEqual([name]);
});

test('a folder that is no model, or another model under a pinned name, is refused', async () => {
  await expect(importModel({ folder: tmpdir(), name: offlineName, modelsDir })).rejects.toMatchObject({
    problem: 'not_a_model',
  });
  const folder = join(modelsDir, name);
  await expect(importModel({ folder, name: 'base', modelsDir })).rejects.toMatchObject({ problem: 'bad_checksum' });
  expect(cachedModels(modelsDir)).toEqual([name]);
});
