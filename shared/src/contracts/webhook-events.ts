import { z } from '@hono/zod-openapi';
import { CompletionReason, MeetingStatus } from './meeting.ts';
import { Platform } from './platform.ts';

export const WebhookEventType = z.enum([
  'meeting.started',
  'meeting.status_change',
  'meeting.finished',
  'meeting.completed',
  'bot.failed',
  'transcript.ready',
  'meeting.expiring',
  'webhook.test',
]);
export type WebhookEventType = z.infer<typeof WebhookEventType>;

/** `data` of `meeting.finished`: what a receiver needs to pull and verify the final transcript. */
export const MeetingFinished = z.object({
  meeting_id: z.int().positive(),
  platform: Platform,
  native_meeting_id: z.string(),
  status: MeetingStatus,
  completion_reason: CompletionReason.nullable(),
  start_time: z.iso.datetime().nullable(),
  end_time: z.iso.datetime().nullable(),
  segment_count: z.int().min(0),
  /** See `transcriptChecksum`. */
  checksum: z.string(),
  audio_seconds: z.number(),
  /** True when the finish barrier gave up waiting for a session. */
  incomplete: z.boolean(),
});
export type MeetingFinished = z.infer<typeof MeetingFinished>;

/** Standard Webhooks body, with the fields older receivers read beside it. */
export const WebhookEnvelope = z.object({
  type: WebhookEventType,
  timestamp: z.iso.datetime(),
  data: z.record(z.string(), z.unknown()),
  event_id: z.string(),
  event_type: WebhookEventType,
  api_version: z.string(),
  created_at: z.iso.datetime(),
});
export type WebhookEnvelope = z.infer<typeof WebhookEnvelope>;
