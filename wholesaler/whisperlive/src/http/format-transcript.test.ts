import { expect, test } from 'vitest';
import { formatTranscript } from './format-transcript.ts';

const segment = (start: number, end: number, text: string) => ({
  ...{ start, end, text, language: 'en', averageLogprob: -0.1, noSpeechProbability: 0 },
});
const transcript = {
  ...{ duration: 3_700.2, task: 'transcribe' as const, language: null },
  segments: [segment(0.0004, 1.9996, 'One.'), segment(3_661.5, 3_700.05, 'a --> b\n\n<i>&')],
};

test('times of subtitles are exact to the millisecond, also after an hour', async () => {
  expect(await formatTranscript(transcript, 'srt').text()).toBe(
    '1\n00:00:00,000 --> 00:00:02,000\nOne.\n\n2\n01:01:01,500 --> 01:01:40,050\na -> b <i>&\n\n',
  );
});

test('what is said cannot end a cue or become markup', async () => {
  expect(await formatTranscript(transcript, 'vtt').text()).toBe(
    'WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nOne.\n\n01:01:01.500 --> 01:01:40.050\na -&gt; b &lt;i&gt;&amp;\n\n',
  );
});

test('nothing said is an empty transcript in every format', async () => {
  const nothing = { ...transcript, segments: [], language: 'de' };
  expect(await formatTranscript(nothing, 'text').text()).toBe('\n');
  expect(await formatTranscript(nothing, 'srt').text()).toBe('');
  expect(await formatTranscript(nothing, 'vtt').text()).toBe('WEBVTT\n\n');
  expect(await formatTranscript(nothing, 'verbose_json').json()).toMatchObject({
    ...{ text: '', segments: [], language: 'german', duration: 3_700.2 },
  });
});
