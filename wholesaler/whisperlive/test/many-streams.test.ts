import { availableParallelism } from 'node:os';
import { wordErrorRate } from '@vexa/shared/testing/word-error-rate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, startEngine } from '../src/engine/engine.ts';
import { defaultModelsDir } from '../src/models/models-dir.ts';
import { loadVoiceDetector } from '../src/vad/silero.ts';
import { finals, hear } from './support/hear.ts';
import { endOfAudio, finalTexts, type LiveService, speak, startLiveService, voice } from './support/live-service.ts';
import { joined } from './support/sounds.ts';

/** What four people say in 7 to 9 s each; each of them speaks twice. */
const scripts = [
  ['sb-spk1_snt4.wav', 'sb-spk1_snt5.wav', 'sb-spk2_snt2.wav'],
  ['lv-sense-0870.wav'],
  ['sb-spk1_snt1.wav', 'sb-spk1_snt2.wav'],
  ['pv-en.wav', 'sb-spk1_snt3.wav'],
];

let live: LiveService;
let engine: Engine;

beforeAll(async () => {
  live = await startLiveService();
  engine = await startEngine({ model: 'tiny.en', modelsDir: defaultModelsDir(), threads: availableParallelism() });
}, 180_000);

afterAll(async () => {
  await live?.[Symbol.asyncDispose]();
  await engine?.[Symbol.asyncDispose]();
}, 60_000);

const quiet = (seconds: number) => new Float32Array(Math.round(seconds * 16_000));

test('eight people who speak at once, as fast as people speak, are heard as if each were alone', {
  timeout: 240_000,
}, async () => {
  const speeches = await Promise.all(
    scripts.map(async (files) => joined(...(await Promise.all(files.map(voice))).flatMap((clip) => [clip, quiet(1)]))),
  );
  const voices = await loadVoiceDetector();
  const alone: string[] = [];
  for (const speech of speeches) {
    const heard = finals(await hear(speech, { engine, voice: voices.create() }));
    alone.push(heard.map(({ text }) => text).join(' '));
  }
  await voices[Symbol.asyncDispose]();

  const uids = [...speeches, ...speeches].map((_, i) => `crowd-${i}`);
  const clients = await Promise.all(uids.map((uid) => live.connect(uid)));
  const codes = await Promise.all(
    clients.map(async ({ socket }, i) => {
      await speak(socket, speeches[i % speeches.length] ?? quiet(0), 1);
      return endOfAudio(socket);
    }),
  );
  expect(codes).toEqual(uids.map(() => 1000));
  for (const [i, uid] of uids.entries()) {
    const messages = await live.published(uid);
    const together = finalTexts(messages).join(' ');
    const { inserted, deleted, substituted } = wordErrorRate(alone[i % speeches.length] ?? '', together);
    expect.soft({ uid, inserted, deleted, together }).toMatchObject({ inserted: 0, deleted: 0 });
    // Beside others a final may be decoded a moment later, with a little more silence: a word may be heard otherwise.
    expect.soft({ uid, substituted, together }).toMatchObject({ substituted: expect.toSatisfy((n) => n <= 2) });
  }
});
