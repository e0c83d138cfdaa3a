import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { catalogueEntry } from '../src/models/catalogue.ts';
import { ensureModel } from '../src/models/ensure-model.ts';
import { pullFromHub } from '../src/models/hub-source.ts';
import { verifyModel } from '../src/models/inspect-model.ts';
import type { ModelFiles } from '../src/models/model-files.ts';
import type { ModelProgress } from '../src/models/progress.ts';
import { startHub } from './support/hub-server.ts';
import { writeHuggingFaceFolder } from './support/hugging-face-folder.ts';
import { modelsDir as sharedDir } from './support/models-dir.ts';
import { writeToyCt2, writeToyModel } from './support/toy-model.ts';

// Every pull builds graphs, which a busy machine takes its time for.
vi.setConfig({ testTimeout: 300_000 });

const name = 'tiny.en';
const openai = 'openai/whisper-tiny.en';
let ct2: string;
/** A small model in OpenAI's form. */
let openaiFolder: string;
let shelf: string;
let root: string;
let modelsDir: string;
beforeAll(async () => {
  ct2 = (await ensureModel(name, { modelsDir: sharedDir })).dir;
  shelf = await mkdtemp(join(tmpdir(), 'vexa-shelf-'));
  writeToyCt2(join(shelf, 'toy'), ct2);
  openaiFolder = join(shelf, 'openai');
  writeHuggingFaceFolder(join(shelf, 'toy'), openaiFolder, { dtype: 'F16' });
}, 300_000);
afterAll(() => rm(shelf, { recursive: true, force: true }));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vexa-hub-'));
  modelsDir = join(root, 'models');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const pull = (url: string, onProgress?: (progress: ModelProgress) => void): Promise<ModelFiles> =>
  ensureModel(name, { modelsDir, onProgress, sources: [{ name: 'hub', pull: (t) => pullFromHub(t, url) }] });

test('the CTranslate2 form is taken where the hub has it, with its pinned checksum', async () => {
  await using hub = await startHub({ 'Systran/faster-whisper-tiny.en': ct2, [openai]: openaiFolder });
  mkdirSync(modelsDir);
  await pullFromHub({ entry: catalogueEntry(name), dir: modelsDir, onProgress: () => undefined }, hub.url);
  expect(hub.served.every(({ path }) => path.startsWith('Systran/'))).toBe(true);
  expect(readFileSync(join(modelsDir, 'model.bin')).equals(readFileSync(join(ct2, 'model.bin')))).toBe(true);
});

test("a hub without it gives OpenAI's safetensors instead, and the user hears so", async () => {
  await using hub = await startHub({ [openai]: openaiFolder });
  const heard: ModelProgress[] = [];
  const files = await pull(hub.url, (progress) => void heard.push(progress));
  await expect(verifyModel(modelsDir, name)).resolves.toBeUndefined();
  expect(files).toMatchObject({ name, multilingual: false });
  expect(heard[0]).toMatchObject({ stage: 'failover', source: 'hub Systran/faster-whisper-tiny.en' });
});

test('safetensors that an interrupted pull left half are continued, not fetched again', async () => {
  const half = 5_000_000;
  const staging = join(modelsDir, `.pull-${name}`);
  mkdirSync(staging, { recursive: true });
  const weights = readFileSync(join(openaiFolder, 'model.safetensors'));
  writeFileSync(join(staging, 'model.safetensors.partial'), weights.subarray(0, half));
  await using hub = await startHub({ [openai]: openaiFolder });
  await pull(hub.url);
  const ranges = hub.served.filter(({ path }) => path.endsWith('.safetensors')).map(({ range }) => range);
  expect(ranges).toEqual([`bytes=${half}-${weights.length - 1}`]);
});

test('a hub that has neither is said so', async () => {
  await using hub = await startHub({});
  await expect(pull(hub.url)).rejects.toMatchObject({ problem: 'no_source' });
  await expect(pull(hub.url)).rejects.toThrow(openai);
});

describe('large files that lie on another host are followed there', () => {
  const entry = { ...catalogueEntry('large-v3'), sha256: {} };
  const file = 'model.safetensors';
  let toy: string;
  let into: string;
  let content: Buffer;
  beforeEach(async () => {
    toy = join(root, 'toy');
    into = join(root, 'into');
    writeToyModel(toy, join(ct2, 'tokenizer.json'));
    writeFileSync(join(toy, 'generation_config.json'), '{}');
    content = readFileSync(join(toy, file));
    mkdirSync(into);
  });
  const fetchInto = (url: string): Promise<void> => pullFromHub({ entry, dir: into, onProgress: () => undefined }, url);

  test.each(['lfs', 'xet'] as const)('by the way called %s', async (storage) => {
    await using hub = await startHub({ [entry.openaiHub]: toy }, storage);
    await fetchInto(hub.url);
    expect(readFileSync(join(into, file)).equals(content)).toBe(true);
  });

  test('an interrupted one is continued there, and its checksum is the one that the hub declares', async () => {
    await using hub = await startHub({ [entry.openaiHub]: toy }, 'xet');
    writeFileSync(join(into, `${file}.partial`), content.subarray(0, 1_000_000));
    await fetchInto(hub.url);
    const ranges = hub.served.filter(({ path }) => path.endsWith(file)).map(({ range }) => range);
    expect(ranges).toEqual([`bytes=1000000-${content.length - 1}`]);
    expect(readFileSync(join(into, file)).equals(content)).toBe(true);
    await rm(join(into, file));
    writeFileSync(join(into, `${file}.partial`), Buffer.alloc(1_000_000));
    await expect(fetchInto(hub.url)).rejects.toMatchObject({ problem: 'bad_checksum' });
    expect(existsSync(join(into, `${file}.partial`))).toBe(false);
  });
});
