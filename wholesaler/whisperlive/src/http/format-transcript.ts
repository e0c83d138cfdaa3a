import { deflateSync } from 'node:zlib';
import { toSrt, toVtt } from '@vexa/shared/transcripts/subtitles';
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
  const body = format === 'text' ? `${fullText(segments)}\n` : format === 'srt' ? toSrt(segments) : toVtt(segments);
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
