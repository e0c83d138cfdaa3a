import { expect, test } from 'vitest';
import { formatTranscript, type Transcript } from './format-transcript.ts';
import type { Granularity, ResponseFormat } from './parse-form.ts';

const segment = (start: number, end: number, text: string) => ({
  ...{ start, end, text, words: [], language: 'en', averageLogprob: -0.1, noSpeechProbability: 0 },
});
const transcript: Transcript = {
  ...{ duration: 3_700.2, task: 'transcribe', language: null },
  segments: [segment(0.0004, 1.9996, 'One.'), segment(3_661.5, 3_664.05, 'a --> b\n\n<i>&')],
};

const as = (format: ResponseFormat, what: Transcript = transcript, ...granularities: Granularity[]): Response =>
  formatTranscript(what, { format, granularities: new Set(granularities) });

test('times of subtitles are exact to the millisecond, also after an hour', async () => {
  expect(await as('srt').text()).toBe(
    '1\n00:00:00,000 --> 00:00:02,000\nOne.\n\n2\n01:01:01,500 --> 01:01:04,050\na -> b <i>&\n\n',
  );
});

test('what is said cannot end a cue or become markup', async () => {
  expect(await as('vtt').text()).toBe(
    'WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nOne.\n\n01:01:01.500 --> 01:01:04.050\na -&gt; b &lt;i&gt;&amp;\n\n',
  );
});

test('nothing said is an empty transcript in every format', async () => {
  const nothing = { ...transcript, segments: [], language: 'de' };
  expect(await as('text', nothing).text()).toBe('\n');
  expect(await as('srt', nothing).text()).toBe('');
  expect(await as('vtt', nothing).text()).toBe('WEBVTT\n\n');
  expect(await as('verbose_json', nothing, 'segment').json()).toMatchObject({
    ...{ text: '', segments: [], language: 'german', duration: 3_700.2 },
  });
});

test('times of words are those of all utterances, without their punctuation', async () => {
  const words = [
    { text: ' "I', start: 1, end: 1.2, probability: 0.9 },
    { text: " don't", start: 1.2, end: 1.5 },
    { text: ' know!"', start: 1.5, end: 2 },
    { text: ' ...', start: 2, end: 2 },
  ];
  const spoken = { ...transcript, segments: [{ ...segment(1, 2, 'x'), words }, segment(3, 4, 'y')] };
  const timed = [
    { word: 'I', start: 1, end: 1.2 },
    { word: "don't", start: 1.2, end: 1.5 },
    { word: 'know', start: 1.5, end: 2 },
    { word: '...', start: 2, end: 2 },
  ];
  const only = (await as('verbose_json', spoken, 'word').json()) as Record<string, unknown>;
  expect(only).toMatchObject({ words: timed });
  expect(only).not.toHaveProperty('segments');
  expect(await as('verbose_json', spoken, 'word', 'segment').json()).toMatchObject({
    words: timed,
    segments: [{ text: 'x' }, { text: 'y' }],
  });
  expect(await as('verbose_json', spoken, 'segment').json()).not.toHaveProperty('words');
});
