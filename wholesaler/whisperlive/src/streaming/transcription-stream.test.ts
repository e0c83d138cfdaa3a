import fc from 'fast-check';
import { expect, test } from 'vitest';
import { said } from '../../test/support/said.ts';
import type { TranscribeJob, TranscribeResult } from '../engine/engine.ts';
import { type VoiceDetector, vadWindow } from '../vad/silero.ts';
import type { Decoder } from './drafts.ts';
import { defaultPolicy } from './policy.ts';
import { type HeardSegment, TranscriptionStream } from './transcription-stream.ts';
import { samples } from './utterance-detector.ts';

const heard = said('words that were said.');

const byFirstSample: VoiceDetector = { probability: async (window) => (window[0] === 0 ? 0 : 0.9) };

const never = Number.POSITIVE_INFINITY;
const finalsOnly = { ...defaultPolicy, draftStep: never, earlyFinalSilence: never };

type Decode = (job: TranscribeJob, kind: 'draft' | 'final') => Promise<TranscribeResult | undefined>;

/** A stream whose voice detector says "speech" for windows that begin with a sample other than 0. */
function open(
  decode: Decode = async () => heard,
  { voice = byFirstSample, policy = defaultPolicy, language = null as string | null, pressure = 0 } = {},
) {
  const jobs: (TranscribeJob & { kind: 'draft' | 'final' })[] = [];
  const segments: HeardSegment[] = [];
  const errors: unknown[] = [];
  const asked = (kind: 'draft' | 'final') => (job: TranscribeJob) => {
    jobs.push({ ...job, kind });
    return decode(job, kind);
  };
  const scheduler: Decoder = {
    final: async (job) => (await asked('final')(job)) ?? heard,
    draft: (_key, job) => asked('draft')(job),
    dropDraft: () => {},
    pressure,
  };
  const stream = new TranscriptionStream(
    { language, task: 'transcribe' },
    {
      ...{ scheduler, voice, policy },
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
  await say(stream, speech(0.7));
  await stream.finish();
  expect(segments).toEqual([expect.objectContaining({ number: 0, start: 0, completed: true, text: heard.text })]);
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
  const { stream, segments } = open(async (job) => ({ ...heard, looped: job.fallback === true }));
  await say(stream, speech(1.5), silence(1));
  await stream.finish();
  expect(segments.map(({ text, completed }) => [text, completed])).toEqual([
    [heard.text, false],
    ['', true],
  ]);
  expect(segments.at(-1)?.words).toEqual([]);
});

test('an utterance that cannot be decoded is reported; the ones around it are told in order', async () => {
  let calls = 0;
  const decode: Decode = async () => {
    calls += 1;
    if (calls === 2) throw new Error('no memory');
    return heard;
  };
  const { stream, segments, errors } = open(decode, { policy: finalsOnly });
  await say(stream, speech(0.5), silence(0.9), speech(0.6), silence(0.9), speech(0.5), silence(0.9));
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

const finalTexts = (segments: HeardSegment[]) => segments.filter(({ completed }) => completed).map(({ text }) => text);

test('the final is decoded in the pause before it is known to be one, and not again', async () => {
  const { stream, jobs, segments } = open();
  await say(stream, speech(0.6), silence(1));
  await stream.finish();
  expect(jobs.map(({ kind, fallback }) => [kind, fallback])).toEqual([['draft', true]]);
  expect(finalTexts(segments)).toEqual([heard.text]);
});

test('a pause after which somebody goes on ends nothing: the final is decoded whole', async () => {
  const { stream, jobs, segments } = open();
  await say(stream, speech(0.6), silence(0.4), speech(0.6), silence(1));
  await stream.finish();
  expect(finalTexts(segments)).toHaveLength(1);
  expect(jobs.at(-1)?.audio.length).toBeGreaterThan(samples(1.6));
});

test('a decode that failed ahead of time is made again for the final', async () => {
  const { stream, segments, errors } = open(async (_job, kind) => {
    if (kind === 'draft') throw new Error('no memory');
    return heard;
  });
  await say(stream, speech(0.6), silence(1));
  await stream.finish();
  expect(errors.map(String)).toEqual(['Error: no memory']);
  expect(finalTexts(segments)).toEqual([heard.text]);
});

test('an utterance is closed sooner when its words end a sentence', async () => {
  const waits: number[] = [];
  for (const text of ['It is done.', 'and so']) {
    const { stream, segments } = open(async () => said(text));
    await say(stream, speech(1));
    let waited = 0;
    for (; !segments.some(({ completed }) => completed); waited += 1) await say(stream, silence(0.1));
    waits.push(waited);
  }
  expect(waits[0]).toBeLessThan(waits[1] ?? 0);
});

test('drafts become rarer the busier the engine is, then stop; finals never do', async () => {
  const counts: number[] = [];
  for (const pressure of [0, 0.2, 1, 1.5]) {
    const { stream, jobs, segments } = open(undefined, { pressure });
    await say(stream, speech(7), silence(1));
    await stream.finish();
    expect(finalTexts(segments)).toEqual([heard.text]);
    counts.push(jobs.filter(({ fallback }) => !fallback).length);
  }
  expect(counts).toEqual([8, 4, 2, 0]);
});

test('agreed words are forced upon the next draft and never change again in one', async () => {
  const drafts = [
    'ask not',
    'ask not what your',
    'ask not what your country can',
    'Not what your country can do for you',
  ];
  let calls = 0;
  const { stream, jobs, segments } = open(
    async (job) => {
      if (job.fallback) return said('Ask what your country can do.');
      calls += 1;
      return said(drafts[calls - 1] ?? drafts.at(-1) ?? '');
    },
    { policy: { ...defaultPolicy, draftStep: 1, sentenceCutFrom: never } },
  );
  await say(stream, speech(4.5), silence(1));
  await stream.finish();
  const shown = segments.filter(({ completed }) => !completed).map(({ text }) => text);
  // The last draft forgot what was agreed, so it was not shown; the final is free.
  expect(shown).toEqual(drafts.slice(0, 3));
  expect(finalTexts(segments)).toEqual(['Ask what your country can do.']);
  expect(jobs[2]?.prefix).toEqual(said('ask not').tokens);
});

test('what was said is told to the next decode, and forgotten when it makes that one doubtful', async () => {
  const { stream, jobs, segments } = open(
    async ({ promptText }) => said(promptText ? 'Thank you.' : 'I am Abigail.', { looped: promptText !== undefined }),
    { policy: finalsOnly },
  );
  await say(stream, speech(0.6), silence(1), speech(0.6), silence(1));
  await stream.finish();
  expect(jobs.map(({ promptText }) => promptText)).toEqual([undefined, 'I am Abigail.', undefined]);
  expect(finalTexts(segments)).toEqual(['I am Abigail.', 'I am Abigail.']);
});

test.each([
  ['likelier', -0.4, ['And so.', 'Ask not.']],
  ['no likelier', -0.9, ['And so.', 'ASK NOT']],
])(
  'a doubtful final is decoded again without what was said before: %s, it counts or not',
  async (_, logprob, texts) => {
    const { stream, jobs, segments } = open(
      async ({ promptText }) => {
        if (jobs.length === 1) return said('And so.');
        return promptText ? said('ASK NOT', { averageLogprob: -0.6 }) : said('Ask not.', { averageLogprob: logprob });
      },
      { policy: finalsOnly },
    );
    await say(stream, speech(0.6), silence(1), speech(0.6), silence(1));
    await stream.finish();
    expect(jobs.map(({ promptText }) => promptText)).toEqual([undefined, 'And so.', undefined]);
    expect(finalTexts(segments)).toEqual(texts);
  },
);

test('a language is kept once it is sure, and asked again when settings change', async () => {
  const spanish = said('buenas tardes', { language: 'es', languageProbability: 0.9 });
  const { stream, jobs, segments } = open(async () => spanish, { policy: finalsOnly });
  await say(stream, speech(2), silence(1), speech(1), silence(1));
  stream.configure({ language: null });
  await say(stream, speech(1), silence(1));
  await stream.finish();
  expect(jobs.map(({ language }) => language)).toEqual([null, 'es', null]);
  expect(segments.map(({ languageProbability }) => languageProbability)).toEqual([0.9, 0.9, 0.9]);
});

test('speech that is unlikely in the language that was kept is decoded again in the one it is in', async () => {
  const answers: Record<string, TranscribeResult> = {
    misheard: said('el gran alcalde', { language: 'es', averageLogprob: -2.3 }),
    spanish: said('buenas tardes', { language: 'es', languageProbability: 0.9 }),
    german: said('guten Abend', { language: 'de', languageProbability: 0.95 }),
  };
  let asked = 0;
  const decode: Decode = async ({ language }) => {
    if (language === 'es') return answers.misheard;
    asked += 1;
    return asked === 1 ? answers.spanish : answers.german;
  };
  const { stream, segments } = open(decode, { policy: finalsOnly });
  await say(stream, speech(2), silence(1), speech(2), silence(1));
  await stream.finish();
  expect(segments.map(({ language, text }) => [language, text])).toEqual([
    ['es', 'buenas tardes'],
    ['de', 'guten Abend'],
  ]);
});

/** Speech of many sentences: each says a number and takes 3 s, of which the last 200 ms are silent. */
const sentenceSeconds = 3;
const sentenceOf = (n: number) => `Here ${n} begins, in ${n} words, and ends ${n} too.`;
const numbered = (count: number): Float32Array => {
  const audio = new Float32Array(samples(count * sentenceSeconds));
  for (let i = 0; i < count; i += 1) {
    audio.fill(i + 1, samples(i * sentenceSeconds), samples((i + 1) * sentenceSeconds - 0.2));
  }
  return audio;
};

/** Hears exactly the sentences whose audio is in the clip; the last one only as far as its audio goes. */
const hearsNumbers: Decode = async ({ audio }) => {
  const sentences = new Map<number, number>();
  for (const sample of audio) if (sample !== 0) sentences.set(sample, (sentences.get(sample) ?? 0) + 1);
  const words = [...sentences].map(([number, length]) => {
    const sentence = sentenceOf(number).split(' ');
    const share = length / samples(sentenceSeconds - 0.2);
    return sentence.slice(0, Math.round(sentence.length * Math.min(1, share))).join(' ');
  });
  return said(words.filter(Boolean).join(' '));
};

test('speech without an end is finished sentence by sentence: no word is lost or doubled, no decode grows long', async () => {
  const { stream, jobs, segments } = open(hearsNumbers);
  await say(stream, numbered(12));
  await stream.finish();
  const wanted = Array.from({ length: 12 }, (_, i) => sentenceOf(i + 1));
  expect(finalTexts(segments).join(' ')).toBe(wanted.join(' '));
  expect(finalTexts(segments).length).toBeGreaterThan(2);
  expect(Math.max(...jobs.map(({ audio }) => audio.length))).toBeLessThan(samples(14));
});

test('when finished sentences are let go of, their final comes before the drafts of the rest', async () => {
  const { stream, segments } = open(hearsNumbers);
  await say(stream, numbered(6));
  await stream.finish();
  for (const [i, { number, completed }] of segments.entries()) {
    const later = segments.slice(i + 1);
    if (completed) expect(later.every((other) => other.number > number)).toBe(true);
    else expect(later.some((other) => other.number === number && other.completed)).toBe(true);
  }
  expect(new Set(segments.map(({ number }) => number)).size).toBeGreaterThan(1);
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
