import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { ensureModel } from '../src/models/ensure-model.ts';
import { pullFromHub } from '../src/models/hub-source.ts';
import { verifyModel } from '../src/models/inspect-model.ts';
import type { ModelFiles } from '../src/models/model-files.ts';
import type { ModelProgress } from '../src/models/progress.ts';
import { startHub } from './support/hub-server.ts';
import { writeHuggingFaceFolder } from './support/hugging-face-folder.ts';
import { modelsDir as sharedDir } from './support/models-dir.ts';

// Every import writes and builds a whole model, which a busy machine takes its time for.
vi.setConfig({ testTimeout: 120_000 });

const name = 'tiny.en';
const openai = 'openai/whisper-tiny.en';
let ct2: string;
let root: string;
let modelsDir: string;
beforeAll(async () => {
  ct2 = (await ensureModel(name, { modelsDir: sharedDir })).dir;
}, 300_000);
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vexa-hub-'));
  modelsDir = join(root, 'models');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const pull = (url: string, onProgress?: (progress: ModelProgress) => void): Promise<ModelFiles> =>
  ensureModel(name, { modelsDir, onProgress, sources: [{ name: 'hub', pull: (t) => pullFromHub(t, url) }] });

function openaiFolder(): string {
  const folder = join(root, 'openai');
  writeHuggingFaceFolder(ct2, folder, { dtype: 'F16' });
  return folder;
}

test('the CTranslate2 form is taken where the hub has it', async () => {
  await using hub = await startHub({ 'Systran/faster-whisper-tiny.en': ct2, [openai]: openaiFolder() });
  await pull(hub.url);
  expect(hub.served.every(({ path }) => path.startsWith('Systran/'))).toBe(true);
  await expect(verifyModel(modelsDir, name)).resolves.toBeUndefined();
});

test("a hub without it gives OpenAI's safetensors instead, and the user hears so", async () => {
  await using hub = await startHub({ [openai]: openaiFolder() });
  const heard: ModelProgress[] = [];
  const files = await pull(hub.url, (progress) => void heard.push(progress));
  await expect(verifyModel(modelsDir, name)).resolves.toBeUndefined();
  expect(files).toMatchObject({ name, multilingual: false });
  expect(heard[0]).toMatchObject({ stage: 'failover', source: 'hub Systran/faster-whisper-tiny.en' });
});

test('safetensors that an interrupted pull left half are continued, not fetched again', async () => {
  const folder = openaiFolder();
  const half = 20_000_000;
  const staging = join(modelsDir, `.pull-${name}`);
  mkdirSync(staging, { recursive: true });
  const weights = readFileSync(join(folder, 'model.safetensors'));
  writeFileSync(join(staging, 'model.safetensors.partial'), weights.subarray(0, half));
  await using hub = await startHub({ [openai]: folder });
  await pull(hub.url);
  const ranges = hub.served.filter(({ path }) => path.endsWith('.safetensors')).map(({ range }) => range);
  expect(ranges).toEqual([`bytes=${half}-${weights.length - 1}`]);
});

test('a hub that has neither is said so', async () => {
  await using hub = await startHub({});
  await expect(pull(hub.url)).rejects.toMatchObject({ problem: 'no_source' });
  await expect(pull(hub.url)).rejects.toThrow(openai);
});
