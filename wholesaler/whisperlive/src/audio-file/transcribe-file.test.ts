import { expect, test } from 'vitest';
import type { Engine, TranscribeJob, TranscribeResult } from '../engine/engine.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { defaultPolicy } from '../streaming/policy.ts';
import { samples } from '../streaming/utterance-detector.ts';
import type { VoiceDetector } from '../vad/silero.ts';
import { type FileSegment, type FileSettings, transcribeFile } from './transcribe-file.ts';

const heard: TranscribeResult = {
  text: ' words',
  language: 'en',
  languageProbability: 0.9,
  ...{ tokens: [], words: [], compressionRatio: 1, temperature: 0 },
  averageLogprob: -0.2,
  noSpeechProbability: 0.1,
  looped: false,
};

const byFirstSample: VoiceDetector = { probability: async (window) => (window[0] === 0 ? 0 : 0.9) };
const plain: FileSettings = { language: null, task: 'transcribe' };

async function* recording(...parts: Float32Array[]): AsyncGenerator<Float32Array> {
  yield* parts;
}
const speech = (seconds: number): Float32Array => new Float32Array(samples(seconds)).fill(0.5);
const silence = (seconds: number): Float32Array => new Float32Array(samples(seconds));

type Decode = (job: TranscribeJob) => Promise<TranscribeResult>;

async function transcribe(
  pieces: AsyncIterable<Float32Array>,
  { decode = async () => heard, settings = plain }: { decode?: Decode; settings?: FileSettings } = {},
) {
  const { signal } = new AbortController();
  const segments: FileSegment[] = [];
  const file = transcribeFile(pieces, settings, { decode, voice: byFirstSample, policy: defaultPolicy, signal });
  for (;;) {
    const next = await file.next();
    if (next.done) return { segments, seconds: next.value };
    segments.push(next.value);
  }
}

test('every utterance is told with its place in the recording, and the length of it all', async () => {
  const { segments, seconds } = await transcribe(recording(silence(1), speech(2), silence(1), speech(1.01)));
  expect(seconds).toBe(5.01);
  expect(segments.map(({ text, start, end }) => [text, start, end])).toEqual([
    ['words', expect.closeTo(0.7, 1), expect.closeTo(3, 1)],
    ['words', expect.closeTo(3.7, 1), 5.01],
  ]);
});

test('the first language that is sure is kept for the rest', async () => {
  const asked: (string | null)[] = [];
  const probabilities = [0.3, 0.9, 0.9];
  const decode: Decode = async ({ language }) => {
    asked.push(language);
    return { ...heard, language: 'de', languageProbability: probabilities[asked.length - 1] ?? 1 };
  };
  await transcribe(recording(speech(1), silence(1), speech(1), silence(1), speech(1)), { decode });
  expect(asked).toEqual([null, null, 'de']);
});

test('a prompt that leads astray is left out, and nothing is invented', async () => {
  const prompts: (string | undefined)[] = [];
  const decode: Decode = async ({ promptText }) => {
    prompts.push(promptText);
    return { ...heard, looped: prompts.length !== 2 };
  };
  const { segments } = await transcribe(recording(speech(1), silence(1), speech(1)), {
    ...{ decode, settings: { ...plain, prompt: 'names' } },
  });
  expect(prompts).toEqual(['names', undefined, 'names', undefined]);
  expect(segments.length).toBe(1);
});

test('a recording of more than four hours is refused', async () => {
  const piece = silence(2);
  const endless = (async function* () {
    for (;;) yield piece;
  })();
  const quick: VoiceDetector = { probability: async () => 0 };
  const { signal } = new AbortController();
  const deps = { decode: async () => heard, voice: quick, policy: defaultPolicy, signal };
  await expect(transcribeFile(endless, plain, deps).next()).rejects.toMatchObject({ problem: 'too_long' });
});

test('a file is given up when nobody waits for it any more', async () => {
  const leaving = new AbortController();
  const decode: Decode = async () => {
    leaving.abort(new Error('gone'));
    return heard;
  };
  const deps = { decode, voice: byFirstSample, policy: defaultPolicy, signal: leaving.signal };
  const file = transcribeFile(recording(speech(1), silence(1), speech(1), silence(1)), plain, deps);
  expect((await file.next()).done).toBe(false);
  await expect(file.next()).rejects.toThrow('gone');
});

test('a live final waits for at most one utterance of a file, however long the file', async () => {
  const order: string[] = [];
  let scheduler: Scheduler;
  let finals = 0;
  const engine: Engine = {
    ...{ model: 'fake', multilingual: false, languages: ['en'], ready: true },
    transcribe: async ({ task, language }) => {
      order.push(language === 'live' ? 'live decoded' : 'file');
      if (language !== 'live' && finals < 10) {
        // Somebody stops speaking while an utterance of the file is being decoded.
        finals += 1;
        order.push('live asked');
        void scheduler.final({ audio: speech(1), language: 'live', task });
      }
      await new Promise((resolve) => setImmediate(resolve));
      return heard;
    },
    async [Symbol.asyncDispose]() {},
  };
  scheduler = new Scheduler(engine);
  const decode: Decode = (job) => scheduler.file(job);
  const parts = Array.from({ length: 20 }, () => [speech(2), silence(1)]).flat();
  const { segments } = await transcribe(recording(...parts), { decode });
  expect(segments.length).toBe(20);
  expect(finals).toBe(10);
  for (const [i, what] of order.entries()) if (what === 'live asked') expect(order[i + 1]).toBe('live decoded');
});
