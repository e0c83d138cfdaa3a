import { z } from '@hono/zod-openapi';
import { ApiToken, User } from './accounts.ts';
import { Id } from './ids.ts';
import { CompletionReason, FailureStage, MeetingStatus } from './meeting.ts';
import { Platform } from './platform.ts';
import { UsageQuote } from './usage.ts';

const Time = z.iso.datetime().openapi({ example: '2026-08-01T09:00:00.000Z' });
const Seconds = z.number();

/** A meeting as the operator sees it: when and how, and nothing that anybody said, wrote or needs to enter it. */
export const MeetingRecord = z
  .object({
    id: z.int(),
    user_id: z.int(),
    platform: Platform,
    native_meeting_id: z.string(),
    status: MeetingStatus,
    completion_reason: CompletionReason.nullable(),
    failure_stage: FailureStage.nullable(),
    start_time: Time.nullable(),
    end_time: Time.nullable(),
    created_at: Time,
    updated_at: Time,
  })
  .openapi('MeetingRecord');
export type MeetingRecord = z.infer<typeof MeetingRecord>;

export const MeetingsWithUsers = z
  .object({
    total: z.int(),
    items: z.array(MeetingRecord.extend({ user: User.nullable() }).openapi('MeetingWithUser')),
    next_cursor: z.string().nullable(),
  })
  .openapi('MeetingsWithUsers', { description: 'A `user` is null when they were deleted.' });
export type MeetingsWithUsers = z.infer<typeof MeetingsWithUsers>;

export const UserRecord = User.omit({ data: true })
  .extend({ plan: z.string().nullable(), last_meeting_at: Time.nullable() })
  .openapi('UserRecord');
export type UserRecord = z.infer<typeof UserRecord>;

export const MeetingRecordPath = z.object({
  meeting_id: Id.openapi({ param: { name: 'meeting_id', in: 'path' }, example: 1 }),
});

const Session = z
  .object({
    id: z.int(),
    meeting_id: z.int(),
    session_uid: z.string(),
    session_start_time: Time,
    ended_at: Time.nullable(),
    model_identifier: z.string().nullable(),
    audio_seconds: Seconds,
    speech_seconds: Seconds,
    total_segment_duration_seconds: Seconds,
    last_updated: Time,
  })
  .openapi('MeetingSession');

/** Times are seconds; null when it never came to that, or nothing is known of it any more. */
export const MeetingTelematics = z
  .object({
    meeting: MeetingRecord,
    sessions: z.array(Session),
    transcription_stats: z.object({
      total_transcriptions: z.int(),
      total_duration: Seconds,
      unique_speakers: z.int(),
      languages_detected: z.array(z.string()),
    }),
    performance_metrics: z.object({
      /** From the request until the bot was at the meeting's door, or inside. */
      join_time: Seconds.nullable(),
      /** From the door until inside. */
      admission_time: Seconds.nullable(),
      total_duration: Seconds.nullable(),
      bot_uptime: Seconds.nullable(),
    }),
    status_transition: z.array(
      z.object({
        from: MeetingStatus.nullable(),
        to: MeetingStatus,
        timestamp: z.string(),
        source: z.string(),
        reason: z.string().optional(),
      }),
    ),
  })
  .openapi('MeetingTelematics');
export type MeetingTelematics = z.infer<typeof MeetingTelematics>;

export const UserAnalytics = z
  .object({
    user: User,
    meeting_stats: z.object({
      total_meetings: z.int(),
      completed_meetings: z.int(),
      failed_meetings: z.int(),
      active_meetings: z.int(),
      /** Seconds of meetings that ended, from their start to their end. */
      total_duration: Seconds,
      average_duration: Seconds.nullable(),
    }),
    usage_patterns: z.object({
      most_used_platform: Platform.nullable(),
      /** Since the user's first meeting. */
      meetings_per_day: z.number(),
      /** Hours of the day (UTC) in which most meetings were asked for, at most three. */
      peak_usage_hours: z.array(z.int()),
      last_activity: Time.nullable(),
    }),
    usage: UsageQuote,
    api_tokens: z.array(ApiToken),
  })
  .openapi('UserAnalytics');
export type UserAnalytics = z.infer<typeof UserAnalytics>;
