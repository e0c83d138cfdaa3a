import { doublePrecision, integer, jsonb, text, timestamp } from 'drizzle-orm/pg-core';
import type { CompletionReason, FailureStage, MeetingStatus } from '../../contracts/meeting.ts';
import type { Platform } from '../../contracts/platform.ts';

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date', precision: 3 });

/** One change of status, as kept in `data.status_transition`. */
export interface StatusTransition {
  from: MeetingStatus | null;
  to: MeetingStatus;
  timestamp: string;
  source: string;
  reason?: string;
}

export interface MeetingData extends Record<string, unknown> {
  status_transition?: StatusTransition[];
  name?: string;
  participants?: string[];
  languages?: string[];
  notes?: string;
}

/** Columns of `meetings` that both products have. */
export const meetingColumns = () => ({
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  user_id: integer('user_id').notNull(),
  platform: text('platform').$type<Platform>().notNull(),
  platform_specific_id: text('platform_specific_id').notNull(),
  meeting_url: text('meeting_url'),
  status: text('status').$type<MeetingStatus>().notNull().default('requested'),
  completion_reason: text('completion_reason').$type<CompletionReason>(),
  failure_stage: text('failure_stage').$type<FailureStage>(),
  bot_container_id: text('bot_container_id'),
  start_time: time('start_time'),
  end_time: time('end_time'),
  data: jsonb('data').$type<MeetingData>().notNull().default({}),
  metadata: jsonb('metadata').$type<Record<string, string>>().notNull().default({}),
  created_at: time('created_at').notNull().defaultNow(),
  updated_at: time('updated_at').notNull().defaultNow(),
});

/** Columns of `transcriptions` that both products have. Times are seconds; each product says from when. */
export const transcriptionColumns = () => ({
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  meeting_id: integer('meeting_id').notNull(),
  segment_id: text('segment_id').notNull(),
  start_time: doublePrecision('start_time').notNull(),
  end_time: doublePrecision('end_time').notNull(),
  text: text('text').notNull(),
  speaker: text('speaker'),
  language: text('language'),
  session_uid: text('session_uid').notNull(),
  created_at: time('created_at').notNull().defaultNow(),
});
