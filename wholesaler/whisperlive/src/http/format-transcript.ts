import { deflateSync } from 'node:zlib';
import type { SpokenWord } from '@vexa/shared/contracts/stream-messages';
import { toSrt, toVtt } from '@vexa/shared/transcripts/subtitles';
import type { FileSegment } from '../audio-file/transcribe-file.ts';
import { cuesOf } from './cues.ts';
import type { TranscriptionForm } from './parse-form.ts';

export interface Transcript {
  segments: readonly FileSegment[];
  /** Seconds. */
  duration: number;
  task: 'transcribe' | 'translate';
  /** What was asked for, where nothing was said. */
  language: string | null;
}

/** The body and media type of a transcript in one of OpenAI's formats. */
export function formatTranscript(
  transcript: Transcript,
  { format, granularities }: Pick<TranscriptionForm, 'format' | 'granularities'>,
): Response {
  const { segments } = transcript;
  if (format === 'verbose_json') return Response.json(verbose(transcript, granularities));
  if (format === 'json') return Response.json({ text: fullText(segments), usage: usage(transcript.duration) });
  const cues = () => cuesOf(segments).map((cue) => ({ ...cue, text: '' }));
  const body = format === 'text' ? `${fullText(segments)}\n` : format === 'srt' ? toSrt(cues()) : toVtt(cues());
  const type = format === 'vtt' ? 'text/vtt' : 'text/plain';
  return new Response(body, { headers: { 'content-type': `${type}; charset=utf-8` } });
}

export const fullText = (segments: readonly { text: string }[]): string => segments.map(({ text }) => text).join(' ');

const usage = (duration: number) => ({ type: 'duration', seconds: Math.ceil(duration) });

function verbose(
  { segments, duration, task, language }: Transcript,
  granularities: TranscriptionForm['granularities'],
) {
  return {
    task,
    language: task === 'translate' ? 'english' : languageName(segments[0]?.language ?? language),
    duration,
    text: fullText(segments),
    ...(granularities.has('segment') ? { segments: segments.map(verboseSegment) } : {}),
    ...(granularities.has('word') ? { words: segments.flatMap(({ words }) => words.map(verboseWord)) } : {}),
    usage: usage(duration),
  };
}

const verboseSegment = (
  { start, end, text, averageLogprob, noSpeechProbability }: FileSegment,
  id: number,
): Record<string, unknown> => ({
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
});

/** OpenAI writes words without the punctuation around them. */
function verboseWord({ text, start, end }: SpokenWord): { word: string; start: number; end: number } {
  const bare = text.trim().replaceAll(/^["'“¿([{-]+|["'.。,，!！?？:：”)\]}、]+$/gu, '');
  return { word: bare || text.trim(), start, end };
}

const names = new Intl.DisplayNames('en', { type: 'language' });

/** OpenAI writes languages out: `english` for `en`. */
const languageName = (code: string | null): string => (code ? (names.of(code) ?? code).toLowerCase() : '');

function compressionRatio(text: string): number {
  const bytes = Buffer.from(text);
  return bytes.length / deflateSync(bytes).length;
}
