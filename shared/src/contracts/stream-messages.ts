import { z } from 'zod';
import { Platform } from './platform.ts';

/** Seconds of audio since the session's first sample. */
const AudioSeconds = z.number().min(0).max(172_800);
const Uid = z.string().min(1).max(128);
/**
 * The request that asked for a meeting's bot, and its W3C Trace Context: for logs alone, so what is wrong is left out
 * rather than refused.
 */
export const requestTrace = {
  request_id: z.string().max(128).nullish().catch(undefined),
  traceparent: z.string().max(64).nullish().catch(undefined),
};

/**
 * A word with its time. `text` carries the space before it and its punctuation: the words of a segment joined are its text.
 * A segment is at most as long as Whisper's 448 tokens, so that many words.
 */
export const SpokenWord = z.object({
  text: z.string().max(10_000),
  start: AudioSeconds,
  end: AudioSeconds,
  probability: z.number().min(0).max(1).optional(),
});
export type SpokenWord = z.infer<typeof SpokenWord>;
export const SpokenWords = z.array(SpokenWord).max(448);

export const StreamSegment = z.object({
  segment_id: z.string().min(1).max(160),
  start: AudioSeconds,
  end: AudioSeconds,
  text: z.string().max(10_000),
  language: z.string().max(8).nullable(),
  completed: z.boolean(),
  speaker: z.string().max(256).nullish(),
  /** In order, without overlap; completed segments only. */
  words: SpokenWords.optional(),
});
export type StreamSegment = z.infer<typeof StreamSegment>;

/** A new session that takes over from one whose connection broke: from `from_seconds` on, the old session's words are void. */
export const Resumes = z.object({ uid: Uid, from_seconds: AudioSeconds });
export type Resumes = z.infer<typeof Resumes>;

export const SessionStart = z.object({
  v: z.literal(1),
  type: z.literal('session_start'),
  uid: Uid,
  token: z.string(),
  platform: Platform,
  meeting_id: z.int().positive(),
  native_meeting_id: z.string(),
  model_identifier: z.string(),
  /** Wall clock of the session's first audio sample, RFC 3339. */
  start_timestamp: z.iso.datetime(),
  speaker: z.string().max(256).nullish(),
  resumes: Resumes.nullish(),
  ...requestTrace,
});
export type SessionStart = z.infer<typeof SessionStart>;

export const Transcription = z.object({
  v: z.literal(1),
  type: z.literal('transcription'),
  uid: Uid,
  token: z.string(),
  segments: z.array(StreamSegment).max(200),
});
export type Transcription = z.infer<typeof Transcription>;

export const SessionEnd = z.object({
  v: z.literal(1),
  type: z.literal('session_end'),
  uid: Uid,
  token: z.string(),
  end_timestamp: z.iso.datetime(),
  audio_seconds: AudioSeconds,
  speech_seconds: AudioSeconds,
});
export type SessionEnd = z.infer<typeof SessionEnd>;

/** JSON in the field `payload` of stream `transcription_segments`. */
export const StreamMessage = z.discriminatedUnion('type', [SessionStart, Transcription, SessionEnd]);
export type StreamMessage = z.infer<typeof StreamMessage>;

/** JSON in the field `payload` of stream `speaker_events_relative`. */
export const SpeakerEvent = z.object({
  v: z.literal(1),
  uid: Uid,
  token: z.string(),
  event_type: z.enum(['SPEAKER_START', 'SPEAKER_END']),
  participant_name: z.string().max(256),
  participant_id: z.string().max(256),
  relative_client_timestamp_ms: z.number().min(0),
});
export type SpeakerEvent = z.infer<typeof SpeakerEvent>;
