import { expect, test } from 'vitest';
import type { Segment } from '../contracts/transcript.ts';
import { formatTranscript } from './format-transcript.ts';

const said = (start: number, end: number, speaker: string | null, text: string): Segment => ({
  segment_id: `s:${start}`,
  start,
  end,
  text,
  speaker,
  language: 'en',
  session_uid: 's',
  completed: true,
  created_at: null,
  updated_at: null,
  absolute_start_time: null,
  absolute_end_time: null,
});

const transcript = {
  platform: 'local',
  native_meeting_id: 'stand-up',
  start_time: '2026-08-01T09:00:00.000Z',
  segments: [
    said(0, 2.0004, 'Ann', ' Hello <all> --> of you. '),
    said(2.5, 3, 'Ann', 'Shall we?'),
    said(3_599.9996, 3_601, 'Bob & Co', '1. Yes,\r\n\r\n*please*'),
    said(3_602, 3_603, null, 'Somebody.'),
    said(3_604, 3_605, null, '  '),
  ],
} as const;
const as = (format: 'srt' | 'vtt' | 'txt' | 'md') =>
  formatTranscript({ ...transcript, segments: [...transcript.segments] }, format);

test('SubRip numbers its cues, and no text can end one early', () => {
  expect(as('srt')).toBe(
    [
      '1\n00:00:00,000 --> 00:00:02,000\nAnn: Hello <all> -> of you.\n',
      '2\n00:00:02,500 --> 00:00:03,000\nAnn: Shall we?\n',
      '3\n01:00:00,000 --> 01:00:01,000\nBob & Co: 1. Yes, *please*\n',
      '4\n01:00:02,000 --> 01:00:03,000\nSomebody.\n\n',
    ].join('\n'),
  );
});

test('WebVTT names the voice and escapes what would be markup', () => {
  const vtt = as('vtt');
  expect(vtt.startsWith('WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n<v Ann>Hello &lt;all&gt; -&gt; of you.</v>\n')).toBe(
    true,
  );
  expect(vtt).toContain('\n<v Bob &amp; Co>1. Yes, *please*</v>\n');
  expect(vtt).toContain('\nSomebody.\n');
});

test('plain text has one line a turn', () => {
  expect(as('txt')).toBe(
    '[00:00:00] Ann: Hello <all> -> of you. Shall we?\n[01:00:00] Bob & Co: 1. Yes, *please*\n[01:00:02] Somebody.\n',
  );
});

test('Markdown shows what was said and nothing that was meant as markup', () => {
  expect(as('md')).toBe(
    [
      '# stand-up\n\nlocal, 2026-08-01T09:00:00.000Z\n',
      '**Ann** _00:00:00_\n\nHello \\<all\\> -\\> of you. Shall we?\n',
      '**Bob & Co** _01:00:00_\n\n1\\. Yes, \\*please\\*\n',
      '_01:00:02_\n\nSomebody.\n',
    ].join('\n'),
  );
});

test('a transcript without words is an empty document of its format', () => {
  const empty = { ...transcript, segments: [] };
  expect([formatTranscript(empty, 'srt'), formatTranscript(empty, 'vtt'), formatTranscript(empty, 'txt')]).toEqual([
    '',
    'WEBVTT\n\n',
    '',
  ]);
});
