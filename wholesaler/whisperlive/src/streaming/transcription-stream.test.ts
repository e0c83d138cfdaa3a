import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Engine, TranscribeJob, TranscribeResult } from '../engine/engine.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { type VoiceDetector, vadWindow } from '../vad/silero.ts';
import { defaultPolicy } from './policy.ts';
import { type HeardSegment, TranscriptionStream } from './transcription-stream.ts';
import { samples } from './utterance-detector.ts';

const heard: TranscribeResult = {
  text: 'words',
  language: 'en',
  languageProbability: 1,
  ...{ tokens: [], words: [], compressionRatio: 1, temperature: 0 },
  averageLogprob: -0.2,
  noSpeechProbability: 0.1,
  looped: false,
};

const byFirstSample: VoiceDetector = { probability: async (window) => (window[0] === 0 ? 0 : 0.9) };

const finalsOnly = { ...defaultPolicy, draftStep: Number.POSITIVE_INFINITY };

type Decode = (job: TranscribeJob) => Promise<TranscribeResult>;

/** A stream whose voice detector says "speech" for windows that begin with a sample other than 0. */
function open(decode: Decode = async () => heard, { voice = byFirstSample, policy = defaultPolicy } = {}) {
  const jobs: TranscribeJob[] = [];
  const segments: HeardSegment[] = [];
  const errors: unknown[] = [];
  const engine: Engine = {
    model: 'fake',
    multilingual: false,
    languages: ['en'],
    ready: true,
    transcribe: (job) => {
      jobs.push(job);
      return decode(job);
    },
    async [Symbol.asyncDispose]() {},
  };
  const stream = new TranscriptionStream(
    { language: null, task: 'transcribe' },
    {
      scheduler: new Scheduler(engine),
      voice,
      policy,
      onSegment: (segment) => segments.push(segment),
      onError: (error) => errors.push(error),
    },
  );
  return { stream, jobs, segments, errors };
}

const speech = (seconds: number): Float32Array => new Float32Array(samples(seconds)).fill(0.5);
const silence = (seconds: number): Float32Array => new Float32Array(samples(seconds));

async function say(stream: TranscriptionStream, ...parts: Float32Array[]): Promise<void> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += 1_600) {
      stream.push(part.slice(at, at + 1_600));
      // Audio comes in real time: what was said is worked on before the next part arrives.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

test('drafts and the final of one utterance share its number, and the final is the last', async () => {
  const { stream, segments } = open();
  await say(stream, silence(0.5), speech(3), silence(1), speech(2), silence(1));
  await stream.finish();
  const first = segments.filter(({ number }) => number === 0).map(({ completed }) => completed);
  expect(first.length).toBeGreaterThan(1);
  expect(first.indexOf(true)).toBe(first.length - 1);
  expect(segments.filter(({ completed }) => completed).map(({ number }) => number)).toEqual([0, 1]);
});

test('what is open when the audio ends becomes a final', async () => {
  const { stream, segments } = open();
  await say(stream, speech(0.9));
  await stream.finish();
  expect(segments).toEqual([expect.objectContaining({ number: 0, start: 0, completed: true, text: 'words' })]);
  expect(stream.backlogSeconds).toBe(0);
});

test('a click is not decoded', async () => {
  const { stream, jobs } = open();
  await say(stream, silence(0.5), speech(0.05), silence(1));
  await stream.finish();
  expect(jobs).toEqual([]);
});

test.each([
  ['silence taken for words', { noSpeechProbability: 0.9, averageLogprob: -1.5 }],
  ['a loop', { looped: true }],
])('%s is dropped instead of shown', async (_name, doubt) => {
  const { stream, segments } = open(async () => ({ ...heard, ...doubt }));
  await say(stream, speech(2), silence(1));
  await stream.finish();
  expect(segments).toEqual([]);
});

test('a draft that the final does not confirm is taken back by an empty final', async () => {
  let calls = 0;
  const { stream, segments } = open(async () => {
    calls += 1;
    return { ...heard, looped: calls > 1 };
  });
  await say(stream, speech(1.5), silence(1));
  await stream.finish();
  expect(segments.map(({ text, completed }) => [text, completed])).toEqual([
    ['words', false],
    ['', true],
  ]);
});

test('an utterance that cannot be decoded is reported; the ones around it are told in order', async () => {
  let calls = 0;
  const decode: Decode = async () => {
    calls += 1;
    if (calls === 2) throw new Error('no memory');
    return heard;
  };
  const { stream, segments, errors } = open(decode, { policy: finalsOnly });
  await say(stream, speech(0.5), silence(0.6), speech(0.8), silence(0.6), speech(0.5), silence(0.6));
  await stream.finish();
  expect(errors.map(String)).toEqual(['Error: no memory']);
  expect(segments.filter(({ completed }) => completed).map(({ number }) => number)).toEqual([0, 2]);
});

test('a voice detector that fails once costs no audio', async () => {
  let calls = 0;
  const voice: VoiceDetector = {
    probability: async (window) => {
      calls += 1;
      if (calls === 20) throw new Error('no memory');
      return byFirstSample.probability(window);
    },
  };
  const { stream, errors, jobs } = open(undefined, { voice, policy: finalsOnly });
  await say(stream, speech(2));
  await stream.finish();
  expect(errors.map(String)).toEqual(['Error: no memory']);
  expect(jobs.map(({ audio }) => audio.length)).toEqual([samples(2)]);
});

test('no sample of speech is left out of the finals or decoded into two of them', async () => {
  const stretch = fc.record({ voiced: fc.integer({ min: 4, max: 1_000 }), quiet: fc.integer({ min: 0, max: 60 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(stretch, { minLength: 1, maxLength: 4 }), async (stretches) => {
      const windows = stretches.flatMap(({ voiced, quiet }) => [
        ...Array.from({ length: voiced }, () => true),
        ...Array.from({ length: quiet }, () => false),
      ]);
      // Every voiced sample is its own position, so that each can be found again in what was decoded.
      const audio = Float32Array.from({ length: windows.length * vadWindow }, (_, i) =>
        windows[Math.floor(i / vadWindow)] ? i + 1 : 0,
      );
      const { stream, jobs } = open(undefined, { policy: finalsOnly });
      for (let at = 0; at < audio.length; at += 100_000) stream.push(audio.slice(at, at + 100_000));
      await stream.finish();
      const decoded = jobs.flatMap((job) => Array.from(job.audio.filter((sample) => sample > 0)));
      expect(decoded.length).toBe(audio.filter((sample) => sample > 0).length);
      expect(decoded.every((sample, i) => i === 0 || sample > (decoded[i - 1] ?? 0))).toBe(true);
      expect(Math.max(...jobs.map((job) => job.audio.length))).toBeLessThanOrEqual(samples(30));
    }),
    { numRuns: 6 },
  );
});
