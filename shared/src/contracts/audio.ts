import { z } from 'zod';
import { Task } from './meeting.ts';
import { Resumes, requestTrace, SpokenWords } from './stream-messages.ts';

export const audioSampleRate = 16_000;

/**
 * First message of an audio connection. Compatible with WhisperLive clients; `start_timestamp`, `speaker`,
 * `participant_id` and `resumes` are ours. `meeting_id` is a number, or a string of digits from older clients.
 */
export const AudioConfig = z.object({
  uid: z.string().min(1).max(128),
  token: z.string().min(1),
  platform: z.string().min(1),
  meeting_id: z.union([z.int(), z.string()]),
  meeting_url: z.string().nullish(),
  native_meeting_id: z.string().nullish(),
  language: z.string().nullish(),
  task: Task.nullish(),
  model_identifier: z.string().nullish(),
  model: z.string().nullish(),
  use_vad: z.boolean().nullish(),
  speaker: z.string().max(256).nullish(),
  participant_id: z.string().max(256).nullish(),
  start_timestamp: z.iso.datetime().nullish(),
  resumes: Resumes.nullish(),
  ...requestTrace,
});
export type AudioConfig = z.infer<typeof AudioConfig>;

export const SpeakerActivity = z.object({
  type: z.literal('speaker_activity'),
  payload: z.object({
    event_type: z.enum(['SPEAKER_START', 'SPEAKER_END']),
    participant_name: z.string().max(256),
    participant_id_meet: z.string().max(256).optional(),
    participant_id: z.string().max(256).optional(),
    relative_client_timestamp_ms: z.number().min(0),
  }),
});
export const SessionControl = z.object({
  type: z.literal('session_control'),
  payload: z.object({ event: z.string() }).loose(),
});
/** Changes language or task of the running session without losing audio. */
export const Reconfigure = z.object({
  type: z.literal('reconfigure'),
  payload: z.object({ language: z.string().nullish(), task: Task.nullish() }),
});
export const AudioChunkMetadata = z.object({ type: z.literal('audio_chunk_metadata') }).loose();

export const AudioControl = z.discriminatedUnion('type', [
  SpeakerActivity,
  SessionControl,
  Reconfigure,
  AudioChunkMetadata,
]);
export type AudioControl = z.infer<typeof AudioControl>;

/** Binary (or text) frame with which a client says that no more audio follows. */
export const endOfAudio = 'END_OF_AUDIO';

export const AudioServerFrame = z.union([
  z.object({ uid: z.string(), message: z.literal('SERVER_READY'), backend: z.string() }),
  z.object({ uid: z.string(), message: z.literal('DISCONNECT') }),
  z.object({ uid: z.string().nullable(), status: z.literal('ERROR'), message: z.string() }),
  z.object({ uid: z.string(), status: z.literal('WAIT'), message: z.number() }),
  z.object({
    uid: z.string(),
    segments: z.array(
      z.object({
        segment_id: z.string().optional(),
        start: z.coerce.number(),
        end: z.coerce.number(),
        text: z.string(),
        completed: z.boolean(),
        words: SpokenWords.optional(),
      }),
    ),
  }),
  z.object({ uid: z.string(), language: z.string(), language_prob: z.number() }),
]);
export type AudioServerFrame = z.infer<typeof AudioServerFrame>;
