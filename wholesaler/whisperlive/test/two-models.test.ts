import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wordErrorRate } from '@vexa/shared/testing/word-error-rate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureModel } from '../src/models/ensure-model.ts';
import { importModel } from '../src/models/import-model.ts';
import { endOfAudio, finalText, type LiveService, speak, startLiveService, voice } from './support/live-service.ts';
import { modelsDir as sharedDir } from './support/models-dir.ts';
import { writeToyModel } from './support/toy-model.ts';

const reference = 'Mr. Quilter is the apostle of the middle classes and we are glad to welcome his gospel.';

let root: string;
let live: LiveService;
beforeAll(async () => {
  const { tokenizer } = await ensureModel('tiny.en', { modelsDir: sharedDir });
  root = await mkdtemp(join(tmpdir(), 'vexa-two-models-'));
  const modelsDir = join(root, 'models');
  writeToyModel(join(root, 'toy'), tokenizer);
  await importModel({ folder: join(root, 'toy'), name: 'toy', modelsDir });
  await symlink(join(sharedDir, 'tiny.en'), join(modelsDir, 'tiny.en'));
  live = await startLiveService({
    VEXA_MODELS_DIR: modelsDir,
    WHISPER_MODEL: 'tiny.en',
    WHISPER_MODELS: 'tiny.en,toy',
  });
}, 300_000);
afterAll(async () => {
  await live?.[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

test('streams of one process use the models they ask for, side by side, and none disturbs the other', {
  timeout: 240_000,
}, async () => {
  const english = await live.connect('default');
  const other = await live.connect('toy', { model_identifier: 'toy', task: 'translate' });
  const byOldName = await live.connect('old-name', { model: 'toy', language: 'de' });
  const all = [english, other, byOldName];
  const audio = await voice('pv-en.wav');
  await Promise.all(all.map(({ socket }) => speak(socket, audio)));
  expect(await Promise.all(all.map(({ socket }) => endOfAudio(socket)))).toEqual([1000, 1000, 1000]);

  const messages = await Promise.all(['default', 'toy', 'old-name'].map(live.published));
  expect(messages.map(([start]) => start)).toMatchObject([
    { type: 'session_start', model_identifier: 'tiny.en' },
    { type: 'session_start', model_identifier: 'toy' },
    { type: 'session_start', model_identifier: 'toy' },
  ]);
  for (const session of messages) {
    expect(session.at(-1)).toMatchObject({
      type: 'session_end',
      audio_seconds: expect.closeTo(audio.length / 16_000, 0),
    });
  }
  expect(wordErrorRate(reference, finalText(messages[0] ?? [])).wer).toBeLessThan(0.2);
});
