import { createHash } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import { MeetingStatus } from './meeting.ts';
import { Platform } from './platform.ts';

const Time = z.iso.datetime();

const exampleSegment = {
  segment_id: 'c0ffee:12',
  start: 61.2,
  end: 64.7,
  text: 'The budget for the next quarter is spent.',
  language: 'en',
  speaker: 'Ann',
  session_uid: 'c0ffee',
  completed: true,
  created_at: '2026-08-01T09:01:06.120Z',
  updated_at: '2026-08-01T09:01:06.120Z',
  absolute_start_time: '2026-08-01T09:01:01.200Z',
  absolute_end_time: '2026-08-01T09:01:04.700Z',
};

/** `start` and `end` are seconds from the start of the meeting's first session. */
export const Segment = z
  .object({
    segment_id: z.string(),
    start: z.number(),
    end: z.number(),
    text: z.string(),
    language: z.string().nullable(),
    speaker: z.string().nullable(),
    session_uid: z.string(),
    completed: z.boolean(),
    created_at: Time.nullable(),
    updated_at: Time.nullable(),
    absolute_start_time: Time.nullable(),
    absolute_end_time: Time.nullable(),
  })
  .openapi('Segment', { example: exampleSegment });
export type Segment = z.infer<typeof Segment>;

export const TranscriptSource = z.enum(['live', 'history', 'stale']);

export const Transcript = z
  .object({
    id: z.int(),
    platform: Platform,
    native_meeting_id: z.string(),
    constructed_meeting_url: z.string().nullable(),
    status: MeetingStatus,
    start_time: Time.nullable(),
    end_time: Time.nullable(),
    source: TranscriptSource,
    stale_since: Time.nullable(),
    cursor: z
      .string()
      .nullable()
      .openapi({ description: 'Send it as `since` to get only what changed after this answer. Null: not kept here.' }),
    partial: z.boolean().optional().openapi({
      description:
        'True: `segments` holds only what changed since the cursor; one with an empty text is gone. Otherwise it holds all.',
    }),
    segments: z.array(Segment),
  })
  .openapi('Transcript', {
    example: {
      id: 42,
      platform: 'local',
      native_meeting_id: 'team-standup',
      constructed_meeting_url: 'https://meet.example.com/team-standup',
      status: 'active',
      start_time: '2026-08-01T09:00:00.000Z',
      end_time: null,
      source: 'live',
      stale_since: null,
      cursor: '1f9zpdx1hz1.37',
      segments: [exampleSegment],
    },
  });
export type Transcript = z.infer<typeof Transcript>;

export const TextFormat = z.enum(['srt', 'vtt', 'txt', 'md']);
export type TextFormat = z.infer<typeof TextFormat>;
export const TranscriptFormat = z.enum(['json', ...TextFormat.options]);

/** One place where searched words were said. */
export const SearchHit = z
  .object({
    meeting_id: z.int(),
    platform: Platform,
    native_meeting_id: z.string(),
    segment_id: z.string(),
    /** Seconds from the start of the meeting's first session. */
    start: z.number(),
    end: z.number(),
    speaker: z.string().nullable(),
    language: z.string().nullable(),
    snippet: z.string().openapi({ description: 'The words around the match, which stands between ** and **.' }),
    absolute_start_time: Time,
    absolute_end_time: Time,
  })
  .openapi('SearchHit', {
    example: {
      meeting_id: 42,
      platform: 'local',
      native_meeting_id: 'team-standup',
      segment_id: 'c0ffee:12',
      start: 61.2,
      end: 64.7,
      speaker: 'Ann',
      language: 'en',
      snippet: 'The **budget** for the next quarter is spent.',
      absolute_start_time: '2026-08-01T09:01:01.200Z',
      absolute_end_time: '2026-08-01T09:01:04.700Z',
    },
  });
export type SearchHit = z.infer<typeof SearchHit>;

export const SearchResults = z
  .object({ hits: z.array(SearchHit), next_cursor: z.string().nullable() })
  .openapi('SearchResults');
export type SearchResults = z.infer<typeof SearchResults>;

export const Share = z
  .object({ share_id: z.string(), url: z.string(), expires_at: Time, expires_in_seconds: z.int() })
  .openapi('Share', {
    example: {
      share_id: 'kZ3v0T1yQm8cXw5rLb2nJd7fHs9gPa4e',
      url: 'https://api.example.com/public/transcripts/kZ3v0T1yQm8cXw5rLb2nJd7fHs9gPa4e.txt',
      expires_at: '2026-08-01T09:15:00.000Z',
      expires_in_seconds: 900,
    },
  });
export type Share = z.infer<typeof Share>;

export const bySpokenOrder = (a: Segment, b: Segment): number =>
  a.start - b.start || a.end - b.end || (a.segment_id < b.segment_id ? -1 : a.segment_id > b.segment_id ? 1 : 0);

/**
 * SHA-256 (hex) over id, start, end, speaker and text of each segment in spoken order. Times are taken to the
 * millisecond, so both products compute the same value from their own copies.
 */
export function transcriptChecksum(segments: readonly Segment[]): string {
  const hash = createHash('sha256');
  for (const segment of [...segments].sort(bySpokenOrder)) {
    const fields = [segment.segment_id, ms(segment.start), ms(segment.end), segment.speaker ?? '', segment.text];
    hash.update(`${JSON.stringify(fields)}\n`);
  }
  return hash.digest('hex');
}

const ms = (seconds: number): number => Math.round(seconds * 1000);
