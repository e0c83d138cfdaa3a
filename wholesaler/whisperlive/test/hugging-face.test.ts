import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wordErrorRate } from '@vexa/shared/testing/word-error-rate';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { decodeClip } from '../src/engine/decode.ts';
import type { TranscribeResult } from '../src/engine/engine.ts';
import { loadWhisper } from '../src/engine/whisper-sessions.ts';
import { ensureModel } from '../src/models/ensure-model.ts';
import { findModels } from '../src/models/find-models.ts';
import { importModel } from '../src/models/import-model.ts';
import { verifyModel } from '../src/models/inspect-model.ts';
import { graphsFolder } from '../src/models/model-cache.ts';
import type { ModelFiles } from '../src/models/model-files.ts';
import { readWav } from '../src/wav.ts';
import { type FolderOptions, writeHuggingFaceFolder, writeJson } from './support/hugging-face-folder.ts';
import { modelsDir as sharedDir } from './support/models-dir.ts';
import { writeToyCt2 } from './support/toy-model.ts';

// Every import builds graphs, which a busy machine takes its time for.
vi.setConfig({ testTimeout: 300_000 });

const voices = join(import.meta.dirname, '../../../shared/src/testing/voices');
const clips = ['jfk.wav', 'pv-en.wav'].map((name) => readWav(readFileSync(join(voices, name))));

/** The real weights, from the CTranslate2 folder. */
let real: ModelFiles;
/** A small model in CTranslate2's form, through this builder: what is true of its files is true of large ones. */
let original: ModelFiles;
let originals: string;
let root: string;
let modelsDir: string;
let folder: string;
beforeAll(async () => {
  originals = await mkdtemp(join(tmpdir(), 'vexa-original-'));
  real = await ensureModel('tiny.en', { modelsDir: sharedDir });
  writeToyCt2(join(originals, 'toy'), real.dir);
  original = await importModel({ folder: join(originals, 'toy'), name: 'original', modelsDir: originals });
}, 300_000);
afterAll(() => rm(originals, { recursive: true, force: true }));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vexa-hugging-face-'));
  modelsDir = join(root, 'models');
  folder = join(root, 'whisper-tiny.en');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const write = (options: FolderOptions = {}): void => writeHuggingFaceFolder(original.dir, folder, options);
const take = (from = folder): Promise<ModelFiles> => importModel({ folder: from, name: 'mine', modelsDir });

const weightsOf = (files: ModelFiles): unknown =>
  JSON.parse(readFileSync(join(files.dir, graphsFolder('int8'), 'graphs.json'), 'utf8'));
const decoding = (files: ModelFiles): unknown => {
  // Language ids are left out: a model of one language has none, so the two formats fill the list differently.
  const { lang_ids: _languages, ...rest } = JSON.parse(readFileSync(files.config, 'utf8'));
  return rest;
};

test.each([
  { dtype: 'F32', shards: 1 },
  { dtype: 'F16', shards: 3 },
] as const)(
  'OpenAI safetensors ($dtype, in $shards) give the graphs of the CTranslate2 file, byte for byte',
  async (options) => {
    write(options);
    const files = await take();
    expect(weightsOf(files)).toEqual(weightsOf(original));
    expect(decoding(files)).toEqual(decoding(original));
    await expect(verifyModel(modelsDir, 'mine')).resolves.toBeUndefined();
  },
);

async function transcribe(files: ModelFiles): Promise<TranscribeResult[]> {
  const model = await loadWhisper(files, { device: 'cpu', threads: 2 });
  const results: TranscribeResult[] = [];
  for (const audio of clips) results.push(await decodeClip(model, { audio, language: 'en', task: 'transcribe' }));
  return results;
}

test('real weights in bfloat16 safetensors say the same words, give or take one', async () => {
  writeHuggingFaceFolder(real.dir, folder, { dtype: 'BF16' });
  const [spoken, results] = [await transcribe(real), await transcribe(await take())];
  for (const [i, { text, averageLogprob }] of results.entries()) {
    const expected = spoken[i];
    expect(wordErrorRate(expected?.text ?? '', text).errors).toBeLessThanOrEqual(1);
    expect(averageLogprob).toBeCloseTo(expected?.averageLogprob ?? 0, 1);
  }
});

test('a checkpoint without a generation configuration falls back to what config.json and the tokenizer say', async () => {
  write();
  await rm(join(folder, 'generation_config.json'));
  const { suppress_ids, suppress_ids_begin, alignment_heads } = JSON.parse(readFileSync((await take()).config, 'utf8'));
  // Steering tokens at least: start of transcript, translate, transcribe, start of lm and of prev, no captions.
  expect(suppress_ids).toEqual([50257, 50357, 50358, 50359, 50360, 50361]);
  expect(suppress_ids_begin).toEqual([220, 50256]);
  expect(alignment_heads).toEqual([
    [1, 0],
    [1, 1],
  ]);
});

const shapeOf = (tensors: Parameters<NonNullable<FolderOptions['edit']>>[0], name: string): number[] =>
  tensors.get(name)?.shape ?? [];
const query = 'model.decoder.layers.1.self_attn.q_proj.weight';
const broken: { what: string; message: RegExp; options?: FolderOptions; damage?: () => unknown }[] = [
  {
    what: 'a file that is cut short',
    damage: () => truncateSync(join(folder, 'model.safetensors'), 5_000_000),
    message: /model\.safetensors is cut short: it has 5000000 bytes/,
  },
  {
    what: 'a file whose head is cut short',
    damage: () => truncateSync(join(folder, 'model.safetensors'), 100),
    message: /no safetensors file, or its head is cut short/,
  },
  {
    what: 'another kind of file',
    damage: () => writeFileSync(join(folder, 'model.safetensors'), 'version https://git-lfs.github.com/spec/v1'),
    message: /no safetensors file/,
  },
  {
    what: 'a missing tensor',
    options: { edit: (tensors) => void tensors.delete(query) },
    message: new RegExp(`has no tensor ${query}`),
  },
  {
    what: 'a tensor of another shape',
    options: {
      edit: (tensors) => void tensors.set('model.decoder.layer_norm.bias', { shape: [3], data: new Float32Array(3) }),
    },
    message: /model\.decoder\.layer_norm\.bias has shape \[3\] instead of \[128\]/,
  },
  {
    what: 'parts of an attention that do not match',
    options: { edit: (tensors) => void shapeOf(tensors, query).splice(0, 2, 64, 256) },
    message: /no matching tensors model\.decoder\.layers\.1\.self_attn\.q_proj\.weight \+/,
  },
  {
    what: 'the configuration of another kind of model',
    options: { config: { model_type: 'wav2vec2' } },
    message: /config\.json is no Whisper model: its model_type is wav2vec2/,
  },
  {
    what: 'a configuration of another size',
    options: { config: { num_mel_bins: 128 } },
    message: /says num_mel_bins 128, the weights have 80/,
  },
  { what: 'a configuration without sizes', options: { config: { d_model: undefined } }, message: /d_model/ },
  {
    what: 'a missing shard',
    options: { shards: 2 },
    damage: () => rm(join(folder, 'model-00002-of-00002.safetensors')),
    message: /has no model-00002-of-00002\.safetensors/,
  },
  {
    what: 'an index that leads out of its folder',
    options: { shards: 2 },
    damage: () => writeJson(join(folder, 'model.safetensors.index.json'), { weight_map: { a: '../x.safetensors' } }),
    message: /names no shards/,
  },
];

test.each(broken)('$what is refused, and the message says what is wrong', async ({ options, damage, message }) => {
  write(options);
  await damage?.();
  const refused = take();
  await expect(refused).rejects.toMatchObject({ name: 'ModelError', problem: 'not_a_model' });
  await expect(refused).rejects.toThrow(message);
});

test('a CTranslate2 file that is cut short is refused before anything is built', async () => {
  mkdirSync(folder);
  for (const file of ['model.bin', 'config.json', 'tokenizer.json']) {
    await copyFile(join(original.dir, file), join(folder, file));
  }
  truncateSync(join(folder, 'model.bin'), 4_000_000);
  await expect(take()).rejects.toMatchObject({ problem: 'not_a_model' });
  await expect(take()).rejects.toThrow('ends too early');
});

test('weights of one size under the name of another are refused', async () => {
  write();
  const refused = importModel({ folder, name: 'base.en', modelsDir });
  await expect(refused).rejects.toThrow('is not base.en: width is 128 instead of 512');
});

/** The layout of Hugging Face's download cache: blobs by content, snapshots of links to them. */
async function writeHubCache(hub: string, repo: string, hash: string): Promise<string> {
  const repository = join(hub, repo);
  const snapshot = join(repository, 'snapshots', hash);
  for (const dir of ['blobs', 'refs', join('snapshots', hash)]) mkdirSync(join(repository, dir), { recursive: true });
  for (const [i, file] of ['model.bin', 'config.json', 'tokenizer.json'].entries()) {
    await copyFile(join(original.dir, file), join(repository, 'blobs', `b${i}`));
    symlinkSync(join('..', '..', 'blobs', `b${i}`), join(snapshot, file));
  }
  return snapshot;
}

test('a Hugging Face cache gives its Whisper models, by the snapshot its main branch names', async () => {
  const hub = join(root, 'hub');
  const repo = 'models--Systran--faster-whisper-tiny.en';
  await writeHubCache(hub, repo, '0ld');
  const snapshot = await writeHubCache(hub, repo, 'f00');
  writeFileSync(join(hub, repo, 'refs', 'main'), 'f00');
  mkdirSync(join(hub, 'models--bert--base', 'snapshots', 'x'), { recursive: true });
  const expected = [{ folder: snapshot, name: 'tiny.en' }];
  expect(findModels(root)).toEqual(expected);
  expect(findModels(hub)).toEqual(expected);
  expect(findModels(join(hub, repo))).toEqual(expected);
  expect(findModels(snapshot)).toEqual(expected);
  const files = await importModel({ folder: snapshot, name: 'mine', modelsDir });
  await rm(hub, { recursive: true });
  expect(weightsOf(files)).toEqual(weightsOf(original));
  await expect(verifyModel(modelsDir, 'mine')).resolves.toBeUndefined();
});

test('a folder without any model is refused with what would be one', () => {
  expect(() => findModels(voices)).toThrow(/holds no Whisper model: neither model\.bin.*nor model\.safetensors/);
});
