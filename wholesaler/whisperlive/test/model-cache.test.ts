import { cp, mkdir, mkdtemp, rename, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { builderVersion } from '../src/graphs/build-graphs.ts';
import { ensureModel, pullModel, removeModel } from '../src/models/ensure-model.ts';
import { importModel } from '../src/models/import-model.ts';
import { describeModel, verifyModel } from '../src/models/inspect-model.ts';
import { cachedModels, graphsFolder, graphsIn, readCache } from '../src/models/model-cache.ts';
import { flipByte } from './support/flip-byte.ts';
import { modelsDir as sharedDir } from './support/models-dir.ts';
import { writeToyModel } from './support/toy-model.ts';

// Each import builds graphs, which a busy machine takes its time for.
vi.setConfig({ testTimeout: 300_000 });

/** The catalogue does not know it: no source could deliver it, so only the cache can. */
const name = 'my-model';
const int8 = graphsFolder('int8');
let root: string;
let toy: string;
/** A cache to copy, with the graphs of one precision. */
let made: string;
let modelsDir: string;
let dir: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vexa-cache-'));
  toy = join(root, 'toy');
  made = join(root, 'made');
  writeToyModel(toy, (await ensureModel('tiny.en', { modelsDir: sharedDir })).tokenizer);
  await importModel({ folder: toy, name, modelsDir: made });
}, 300_000);
afterAll(() => rm(root, { recursive: true }));
beforeEach(async () => {
  modelsDir = await mkdtemp(join(root, 'models-'));
  dir = join(modelsDir, name);
  await cp(join(made, name), dir, { recursive: true });
});
afterEach(() => rm(modelsDir, { recursive: true, force: true }));

const offline = { sources: [] };

test('a complete cache needs no network', async () => {
  await expect(ensureModel(name, { modelsDir, ...offline })).resolves.toMatchObject({ name, precision: 'int8' });
});

test('an intact model verifies; of a damaged one every fault is named, and what to do', async () => {
  await expect(verifyModel(modelsDir, name)).resolves.toBeUndefined();
  await flipByte(join(dir, 'model.safetensors'));
  await truncate(join(dir, int8, 'encoder.weights'), 1000);
  await rm(join(dir, 'tokenizer.json'));
  const refused = verifyModel(modelsDir, name);
  await expect(refused).rejects.toMatchObject({ problem: 'damaged' });
  for (const fault of [
    'model.safetensors has changed',
    'tokenizer.json is missing',
    `${int8}/encoder.weights has 1000 bytes instead of`,
    `models -- rm ${name}\` and import it again`,
  ]) {
    await expect(refused).rejects.toThrow(fault);
  }
});

test('a file cut short is noticed before it is loaded, and pull mends it', async () => {
  await truncate(join(dir, int8, 'encoder.weights'), 1000);
  const refused = ensureModel(name, { modelsDir, ...offline });
  await expect(refused).rejects.toThrow('encoder.weights has 1000 bytes instead of');
  await expect(refused).rejects.toThrow(`models -- pull ${name}\`: it builds the graphs again, without a network`);
  await pullModel(name, { modelsDir, ...offline });
  await expect(verifyModel(modelsDir, name)).resolves.toBeUndefined();
});

test('graphs in which one byte has changed are built again by pull, without a network', async () => {
  await flipByte(join(dir, int8, 'generate.weights'));
  await expect(verifyModel(modelsDir, name)).rejects.toThrow(`${int8}/generate.weights has changed`);
  await pullModel(name, { modelsDir, ...offline });
  await expect(verifyModel(modelsDir, name)).resolves.toBeUndefined();
});

test('imported weights that were damaged are left alone: nothing could bring them back', async () => {
  await flipByte(join(dir, 'model.safetensors'));
  await expect(pullModel(name, { modelsDir })).rejects.toThrow('import it again');
  expect(cachedModels(modelsDir)).toEqual([name]);
});

test('graphs of several precisions lie side by side, each built when it is first asked for', async () => {
  expect(readCache(modelsDir, name, 'fp32').state).toBe('weights');
  const files = await ensureModel(name, { modelsDir, precision: 'fp32', ...offline });
  expect(files.encoder).toContain(graphsFolder('fp32'));
  expect(readCache(modelsDir, name, 'int8').state).toBe('complete');
  const { graphs } = describeModel(modelsDir, name);
  expect(graphs.map(({ precision, current }) => [precision, current])).toEqual([
    ['fp32', true],
    ['int8', true],
  ]);
  const bytes = Object.fromEntries(graphs.map((entry) => [entry.precision, entry.bytes]));
  expect(bytes.fp32).toBeGreaterThan(1.5 * (bytes.int8 ?? 0));
  await expect(verifyModel(modelsDir, name)).resolves.toBeUndefined();
});

test('graphs of an older builder are replaced by new ones, those of a newer one are left to it', async () => {
  const older = int8.replace(`v${builderVersion}`, `v${builderVersion - 1}`);
  const newer = int8.replace(`v${builderVersion}`, `v${builderVersion + 1}`);
  await cp(join(dir, int8), join(dir, newer), { recursive: true });
  await rename(join(dir, int8), join(dir, older));
  expect(readCache(modelsDir, name).state).toBe('weights');
  await ensureModel(name, { modelsDir, ...offline });
  expect(graphsIn(dir).map(({ folder }) => folder)).toEqual([int8, newer]);
});

test('a folder is imported under a new name, listed, and removed', async () => {
  await importModel({ folder: toy, name: 'another', modelsDir });
  expect(cachedModels(modelsDir)).toEqual(['another', name]);
  await removeModel('another', modelsDir);
  expect(cachedModels(modelsDir)).toEqual([name]);
});

test('removing a model also removes what an interrupted pull of it left', async () => {
  const staging = join(modelsDir, `.pull-${name}`);
  await mkdir(staging);
  await removeModel(name, modelsDir);
  await expect(rm(staging, { recursive: true })).rejects.toThrow('ENOENT');
});

test('a folder that is no model, or another model than its name says, is refused', async () => {
  await expect(importModel({ folder: tmpdir(), name: 'empty', modelsDir })).rejects.toMatchObject({
    problem: 'not_a_model',
  });
  await expect(importModel({ folder: toy, name: 'large-v3', modelsDir })).rejects.toThrow(
    'is not large-v3: width is 64',
  );
  const { dir: tiny } = await ensureModel('tiny.en', { modelsDir: sharedDir });
  const pinned = importModel({ folder: tiny, name: 'base', modelsDir });
  await expect(pinned).rejects.toMatchObject({ problem: 'bad_checksum' });
  expect(cachedModels(modelsDir)).toEqual([name]);
});
