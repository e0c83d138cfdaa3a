import { deflateSync } from 'node:zlib';
import type { FileSegment } from '../audio-file/transcribe-file.ts';
import type { ResponseFormat } from './parse-form.ts';

export interface Transcript {
  segments: readonly FileSegment[];
  /** Seconds. */
  duration: number;
  task: 'transcribe' | 'translate';
  /** What was asked for, where nothing was said. */
  language: string | null;
}

/** The body and media type of a transcript in one of OpenAI's formats. */
export function formatTranscript(transcript: Transcript, format: ResponseFormat): Response {
  const { segments } = transcript;
  if (format === 'verbose_json') return Response.json(verbose(transcript));
  if (format === 'json') return Response.json({ text: fullText(segments), usage: usage(transcript.duration) });
  const body = format === 'text' ? `${fullText(segments)}\n` : format === 'srt' ? srt(segments) : vtt(segments);
  const type = format === 'vtt' ? 'text/vtt' : 'text/plain';
  return new Response(body, { headers: { 'content-type': `${type}; charset=utf-8` } });
}

export const fullText = (segments: readonly { text: string }[]): string => segments.map(({ text }) => text).join(' ');

const usage = (duration: number) => ({ type: 'duration', seconds: Math.ceil(duration) });

function verbose({ segments, duration, task, language }: Transcript) {
  return {
    task,
    language: task === 'translate' ? 'english' : languageName(segments[0]?.language ?? language),
    duration,
    text: fullText(segments),
    segments: segments.map(({ start, end, text, averageLogprob, noSpeechProbability }, id) => ({
      id,
      seek: Math.round(start * 100),
      start,
      end,
      text,
      tokens: [],
      temperature: 0,
      avg_logprob: averageLogprob,
      compression_ratio: compressionRatio(text),
      no_speech_prob: noSpeechProbability,
    })),
    usage: usage(duration),
  };
}

const names = new Intl.DisplayNames('en', { type: 'language' });

/** OpenAI writes languages out: `english` for `en`. */
const languageName = (code: string | null): string => (code ? (names.of(code) ?? code).toLowerCase() : '');

function compressionRatio(text: string): number {
  const bytes = Buffer.from(text);
  return bytes.length / deflateSync(bytes).length;
}

const srt = (segments: readonly FileSegment[]): string =>
  segments
    .map(({ start, end, text }, i) => `${i + 1}\n${clock(start, ',')} --> ${clock(end, ',')}\n${oneCue(text)}\n\n`)
    .join('');

const vtt = (segments: readonly FileSegment[]): string => {
  const cues = segments.map(({ start, end, text }) => {
    // In WebVTT these begin markup.
    const escaped = oneCue(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    return `${clock(start, '.')} --> ${clock(end, '.')}\n${escaped}\n\n`;
  });
  return `WEBVTT\n\n${cues.join('')}`;
};

/** An arrow or an empty line inside a text would end its cue. */
const oneCue = (text: string): string => text.replaceAll('-->', '->').replaceAll(/\s*\n\s*/g, ' ');

function clock(seconds: number, decimalMark: ',' | '.'): string {
  const ms = Math.round(seconds * 1000);
  const pad = (value: number, width = 2) => String(value).padStart(width, '0');
  const [h, m, s] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60];
  return `${pad(h)}:${pad(m)}:${pad(s)}${decimalMark}${pad(ms % 1000, 3)}`;
}
