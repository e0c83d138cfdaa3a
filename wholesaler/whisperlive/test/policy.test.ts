import { availableParallelism } from 'node:os';
import { normaliseWords, wordErrorRate } from '@vexa/shared/testing/word-error-rate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, startEngine, type TranscribeJob } from '../src/engine/engine.ts';
import { defaultModelsDir } from '../src/models/models-dir.ts';
import { defaultPolicy } from '../src/streaming/policy.ts';
import type { HeardSegment } from '../src/streaming/transcription-stream.ts';
import { loadVoiceDetector } from '../src/vad/silero.ts';
import { finals, hear } from './support/hear.ts';
import { voice } from './support/live-service.ts';
import { askNot, steadyFrom } from './support/recordings.ts';
import { joined } from './support/sounds.ts';

const sentences = [
  ['sb-spk1_snt1.wav', 'The child almost hurt the small dog'],
  ['sb-spk1_snt2.wav', 'Drop the two when you add the figures'],
  ['sb-spk1_snt3.wav', 'At that high level the air is pure'],
  ['sb-spk1_snt4.wav', 'A thin stripe runs down the middle'],
  ['sb-spk1_snt5.wav', 'Sunday is the best part of the week'],
  ['sb-spk2_snt1.wav', 'We are sure that one war is enough'],
  ['sb-spk2_snt2.wav', 'What joy there is in living'],
  ['lv-sense-0880.wav', 'He was not an ill disposed young man'],
  ['pv-en.wav', 'Mr Quilter is the apostle of the middle classes and we are glad to welcome his gospel'],
  [
    'lv-sense-0870.wav',
    'And Mr John Dashwood had then leisure to consider how much there might be prudently in his power to do for them',
  ],
] as const;

let engine: Engine;
let voices: Awaited<ReturnType<typeof loadVoiceDetector>>;

beforeAll(async () => {
  engine = await startEngine({ model: 'tiny.en', modelsDir: defaultModelsDir(), threads: availableParallelism() });
  voices = await loadVoiceDetector();
}, 180_000);

afterAll(async () => {
  await voices?.[Symbol.asyncDispose]();
  await engine?.[Symbol.asyncDispose]();
});

const quiet = (seconds: number) => new Float32Array(Math.round(seconds * 16_000));
const textOf = (segments: HeardSegment[]) =>
  finals(segments)
    .map(({ text }) => text)
    .join(' ');

/** Sentences with hardly a breath between them. */
async function withoutPause(count: number): Promise<{ audio: Float32Array; words: string }> {
  const said = sentences.slice(0, count);
  const clips = await Promise.all(said.map(([file]) => voice(file)));
  return {
    audio: joined(...clips.flatMap((clip) => [trimmed(clip), quiet(0.15)]), quiet(1)),
    words: said.map(([, words]) => words).join(' '),
  };
}

/** The clip without the silence around it. */
function trimmed(clip: Float32Array): Float32Array {
  const loud = (sample: number) => Math.abs(sample) > 0.02;
  return clip.subarray(clip.findIndex(loud), clip.findLastIndex(loud) + 1);
}

function recording() {
  const jobs: TranscribeJob[] = [];
  const transcribe: Engine['transcribe'] = (job) => {
    jobs.push(job);
    return engine.transcribe(job);
  };
  return { jobs, engine: { transcribe } };
}

describe('a speaker who pauses within sentences', () => {
  let segments: HeardSegment[];

  beforeAll(async () => {
    segments = await hear(joined(quiet(0.5), (await voice('jfk.wav')).subarray(steadyFrom * 16_000), quiet(1)), {
      engine,
      voice: voices.create(),
    });
  });

  test('words in which two drafts in a row agree never change again in a draft', () => {
    const numbers = new Set(segments.map(({ number }) => number));
    const drafts = [...numbers].map((number) => segments.filter((s) => s.number === number && !s.completed));
    const compared = drafts.map((own) => agreedWordsKept(own.map(({ text }) => normaliseWords(text))));
    expect(compared.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(5);
  });

  test('is understood, and not cut at every pause', () => {
    expect(wordErrorRate(askNot, textOf(segments)).errors).toBeLessThanOrEqual(2);
    expect(finals(segments).length).toBeLessThanOrEqual(3);
  });
});

/** Expects of all drafts of an utterance that they keep what two before them agreed on; gives the number of words so kept. */
function agreedWordsKept(drafts: string[][]): number {
  let kept = 0;
  for (const [i, draft] of drafts.entries()) {
    const before = drafts[i - 1] ?? [];
    const different = draft.findIndex((word, k) => word !== before[k]);
    // The newest word is not agreed: it may be cut off.
    const agreed = draft.slice(0, Math.max(0, Math.min(different < 0 ? draft.length : different, draft.length - 1)));
    for (const later of drafts.slice(i + 1)) {
      expect(later.slice(0, agreed.length)).toEqual(agreed);
      kept += agreed.length;
    }
  }
  return kept;
}

test('half a minute of speech without a pause is finished sentence by sentence: nothing lost, nothing doubled', {
  timeout: 120_000,
}, async () => {
  const { jobs, engine: recorded } = recording();
  const { audio, words } = await withoutPause(9);
  // Fewer drafts than people get, to save time.
  const policy = { ...defaultPolicy, draftStep: 1.6 };
  const segments = await hear(audio, { engine: recorded, voice: voices.create(), policy });
  const { inserted, deleted, errors } = wordErrorRate(words, textOf(segments));
  expect({ inserted, deleted }).toEqual({ inserted: 0, deleted: 0 });
  expect(errors).toBeLessThanOrEqual(2);
  expect(finals(segments).length).toBeGreaterThan(1);
  // What one draft costs does not grow with the length of the speech.
  expect(Math.max(...jobs.map((job) => job.audio.length / 16_000))).toBeLessThan(defaultPolicy.sentenceCutFrom + 6);
});

test('speech that never lets go of a sentence is cut where it is quietest, and nothing is lost or doubled', {
  timeout: 120_000,
}, async () => {
  const policy = { ...defaultPolicy, sentenceCutFrom: Number.POSITIVE_INFINITY, draftStep: Number.POSITIVE_INFINITY };
  const { audio, words } = await withoutPause(10);
  const segments = await hear(audio, { engine, voice: voices.create(), policy });
  const { inserted, deleted } = wordErrorRate(words, textOf(segments));
  expect({ inserted, deleted }).toEqual({ inserted: 0, deleted: 0 });
  expect(finals(segments).length).toBeGreaterThan(1);
});

test('each final is decoded once, in the pause that ends it', async () => {
  const { jobs, engine: recorded } = recording();
  const [first, second] = await Promise.all([voice('sb-spk1_snt1.wav'), voice('sb-spk1_snt5.wav')]);
  const policy = { ...defaultPolicy, draftStep: Number.POSITIVE_INFINITY };
  const segments = await hear(joined(first, quiet(1), second, quiet(1)), {
    engine: recorded,
    voice: voices.create(),
    policy,
  });
  expect(finals(segments)).toHaveLength(2);
  expect(jobs).toHaveLength(2);
  expect(jobs[1]?.promptText).toContain('small dog');
});
