import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wordErrorRate } from '@vexa/shared/testing/word-error-rate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, startEngine } from '../src/engine/engine.ts';
import { closeClips, transcribeClip } from '../src/transcribe-clip.ts';
import { readWav } from '../src/wav.ts';
import { modelsDir } from './support/models-dir.ts';

const voices = join(import.meta.dirname, '../../../shared/src/testing/voices');
const clips = readFileSync(join(voices, 'manifest.tsv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t'))
  .map(([file = '', , , , reference = '']) => ({ path: join(voices, file), reference }));
/** faster-whisper 1.2.1 (int8, greedy) makes 5 errors in the 161 words; one more is allowed. */
const mostErrors = 6;

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine({ model: 'tiny.en', modelsDir, threads: 2 });
}, 300_000);
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await closeClips();
});

const clip = (name: string): Float32Array => readWav(readFileSync(join(voices, name)));

test('real voices are understood as well as by faster-whisper with the same weights', {
  timeout: 120_000,
}, async () => {
  let errors = 0;
  for (const { path, reference } of clips) {
    const { text, looped } = await engine.transcribe({
      audio: readWav(readFileSync(path)),
      language: 'en',
      task: 'transcribe',
    });
    expect(looped).toBe(false);
    errors += wordErrorRate(reference, text).errors;
  }
  expect(errors).toBeLessThanOrEqual(mostErrors);
});

test('speech is told from silence by the no-speech probability', async () => {
  const speech = await engine.transcribe({ audio: clip('jfk.wav'), language: null, task: 'transcribe' });
  const silence = await engine.transcribe({ audio: new Float32Array(48_000), language: null, task: 'transcribe' });
  expect(speech).toMatchObject({ language: 'en', languageProbability: 1 });
  expect(speech.noSpeechProbability).toBeLessThan(0.2);
  expect(silence.noSpeechProbability).toBeGreaterThan(0.5);
});

test('text spoken before does not change what the no-speech probability means', async () => {
  const promptText = 'The president spoke at his inauguration. '.repeat(60);
  const result = await engine.transcribe({ audio: clip('jfk.wav'), language: 'en', task: 'transcribe', promptText });
  expect(result.noSpeechProbability).toBeLessThan(0.2);
  expect(result.text.toLowerCase()).toContain('fellow americans');
});

test('a second sentence right behind the first is not left out, and none is said twice', {
  timeout: 120_000,
}, async () => {
  for (const [first, second, voicedSeconds] of [
    ['pv-en.wav', 'jfk.wav', 12.6],
    ['sb-spk1_snt4.wav', 'lv-sense-0870.wav', 9.4],
    ['sb-spk1_snt1.wav', 'jfk.wav', 10.7],
  ] as const) {
    const audio = Float32Array.from([...clip(first), ...clip(second)]);
    const { text } = await engine.transcribe({ audio, voicedSeconds, language: 'en', task: 'transcribe' });
    const reference = [first, second].map((name) => clips.find(({ path }) => path.endsWith(name))?.reference).join(' ');
    expect(wordErrorRate(reference, text).errors).toBeLessThanOrEqual(2);
  }
});

test('a transcript begins with the words it must begin with, and goes on from there', async () => {
  const job = { audio: clip('jfk.wav'), language: 'en', task: 'transcribe' } as const;
  const free = await engine.transcribe(job);
  expect(
    free.words
      .map(({ text }) => text)
      .join('')
      .trim(),
  ).toBe(free.text);
  expect(free.words.flatMap(({ tokens }) => tokens)).toEqual(free.tokens);
  const said = free.words.slice(0, 6).flatMap(({ tokens }) => tokens);
  const forced = await engine.transcribe({ ...job, prefix: said });
  expect(forced.tokens).toEqual(free.tokens);
  const other = await engine.transcribe({ ...job, prefix: [...said.slice(0, -1), ...said.slice(0, 1)] });
  expect(other.tokens.slice(0, said.length)).toEqual([...said.slice(0, -1), ...said.slice(0, 1)]);
  expect(other.text.toLowerCase()).toContain('for your country');
});

test('a transcript that is forced whole ends where it ends', async () => {
  const job = { audio: clip('jfk.wav'), language: 'en', task: 'transcribe' } as const;
  const { tokens, text } = await engine.transcribe(job);
  expect(await engine.transcribe({ ...job, prefix: tokens })).toMatchObject({ tokens, text, looped: false });
});

test('the same clip gives the same answer, also when jobs wait in line', async () => {
  const job = { audio: clip('pv-en.wav'), language: 'en', task: 'transcribe' } as const;
  const results = await Promise.all([engine.transcribe(job), engine.transcribe(job), engine.transcribe(job)]);
  expect(new Set(results.map(({ text }) => text)).size).toBe(1);
});

test('a clip in a full batch of others gives the words it gives alone', { timeout: 240_000 }, async () => {
  const jobs = clips.map(({ path }) => ({
    audio: readWav(readFileSync(path)),
    language: 'en',
    task: 'transcribe' as const,
  }));
  const together = await Promise.all(jobs.map((job) => engine.transcribe(job)));
  let words = 0;
  let errors = 0;
  for (const [i, job] of jobs.entries()) {
    const alone = await engine.transcribe(job);
    const difference = wordErrorRate(alone.text, together[i]?.text ?? '');
    words += difference.words;
    errors += difference.errors;
  }
  // 8-bit activations share one scale in a batch: see the decision on batches for what that changes.
  expect(errors).toBeLessThanOrEqual(words * 0.03);
});

test('an unconvincing transcript of a final is tried again, and the same noise gives the same words', async () => {
  const audio = Float32Array.from({ length: 48_000 }, (_, i) => Math.sin(i * i * 0.618) * 0.3);
  const job = { audio, language: 'en', task: 'transcribe', fallback: true, promptText: 'zzz qqq xxx' } as const;
  const [one, two] = [await engine.transcribe(job), await engine.transcribe(job)];
  expect(two.text).toBe(one.text);
  expect(two.temperature).toBe(one.temperature);
  expect((await engine.transcribe({ ...job, audio: clip('jfk.wav') })).temperature).toBe(0);
});

test('a clip of more than 30 s is refused', async () => {
  const audio = new Float32Array(31 * 16_000);
  await expect(engine.transcribe({ audio, language: 'en', task: 'transcribe' })).rejects.toThrow('longer than 30 s');
});

test('a whole file is transcribed for comparison', async () => {
  expect((await transcribeClip(join(voices, 'jfk.wav'), 'tiny.en', modelsDir)).toLowerCase()).toContain(
    'ask what you can do',
  );
});

test('a model that does not exist is refused with the list of those that do', async () => {
  await expect(startEngine({ model: 'huge', modelsDir, threads: 1 })).rejects.toThrow(
    /"huge"; known are tiny, tiny\.en/,
  );
});
