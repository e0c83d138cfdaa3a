import type { StartBotRequest } from '@vexa/shared/contracts/meeting';
import { users } from '@vexa/shared/db/tables/accounts';
import { type MeetingData, meetingColumns, transcriptionColumns } from '@vexa/shared/db/tables/meetings';
import { sql } from 'drizzle-orm';
import {
  boolean,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

export {
  apiTokens,
  idempotencyKeys,
  planModelLimits,
  plans,
  referralData,
  userPlans,
  users,
} from '@vexa/shared/db/tables/accounts';
export { transcriptShares } from '@vexa/shared/db/tables/shares';
export { webhookDeliveries, webhookEndpoints } from '@vexa/shared/db/tables/webhooks';

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date', precision: 3 });

/** What goes to the wholesaler of a start request; nothing in it says who asked. */
export type UpstreamStartRequest = Omit<StartBotRequest, 'metadata'>;

/** One bot in one meeting, shared by everybody in `user_meetings`; `user_id` asked first. */
export const meetings = pgTable(
  'meetings',
  {
    ...meetingColumns(),
    wholesaler_meeting_id: integer('wholesaler_meeting_id'),
    /** The model asked for, by which its words are counted against plans. */
    model_identifier: text('model_identifier').notNull().default('default'),
    /** True until the final transcript is in this database, or there is none to wait for. */
    is_live: boolean('is_live').notNull().default(true),
    /** Kept until the wholesaler has answered the start, so that a crash in between can be repaired. */
    start_request: jsonb('start_request').$type<UpstreamStartRequest>(),
    /** SHA-256 of the passcode the bot was given: whoever shares it has to know it too. */
    passcode_hash: text('passcode_hash'),
    /** A start failed without an answer: until then the wholesaler is searched for a bot nobody wants. */
    orphan_check_until: time('orphan_check_until'),
    /** When we learned that the meeting is over at the wholesaler; a new one may start under the same native id. */
    ended_upstream_at: time('ended_upstream_at'),
    /** From the finished event; null when the event never came, or came from an older wholesaler. */
    expected_checksum: text('expected_checksum'),
    expected_segments: integer('expected_segments'),
    transcript_cached_at: time('transcript_cached_at'),
    transcript_checksum: text('transcript_checksum'),
    transcript_incomplete: boolean('transcript_incomplete').notNull().default(false),
    wholesaler_cleaned_at: time('wholesaler_cleaned_at'),
    /** The finish queue: set from the end upstream until everything about the meeting is done. */
    finish_due_at: time('finish_due_at'),
    finish_attempts: integer('finish_attempts').notNull().default(0),
    /** Attempts that failed because of what the wholesaler said, not because it was away. */
    finish_refusals: integer('finish_refusals').notNull().default(0),
    finish_error: text('finish_error'),
    /** Set when nobody holds the meeting any more: no text is left. */
    redacted_at: time('redacted_at'),
  },
  (t) => [
    uniqueIndex('meetings_one_live')
      .on(t.platform, t.platform_specific_id)
      .where(sql`${t.status} not in ('completed', 'failed') and ${t.ended_upstream_at} is null`),
    uniqueIndex('meetings_wholesaler_id').on(t.wholesaler_meeting_id).where(sql`${t.wholesaler_cleaned_at} is null`),
    index('meetings_by_native_id').on(t.platform, t.platform_specific_id, t.id),
    index('meetings_by_status').on(t.status, t.id),
    index('meetings_live').on(t.id).where(sql`${t.is_live}`),
    index('meetings_finish_due').on(t.finish_due_at).where(sql`${t.finish_due_at} is not null`),
    index('meetings_orphan_checks').on(t.orphan_check_until).where(sql`${t.orphan_check_until} is not null`),
  ],
);

/** Who may read a meeting. What one user writes about it is theirs alone. */
export const userMeetings = pgTable(
  'user_meetings',
  {
    user_id: integer('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    meeting_id: integer('meeting_id')
      .notNull()
      .references(() => meetings.id),
    created_at: time('created_at').notNull().defaultNow(),
    /** They asked the bot to leave; it stays while others want it. */
    left_at: time('left_at'),
    /** They deleted their copy. */
    deleted_at: time('deleted_at'),
    /** Seconds of speech that they may read of it, known once it is over: what their plan counts. */
    speech_seconds: doublePrecision('speech_seconds').notNull().default(0),
    data: jsonb('data').$type<MeetingData>().notNull().default({}),
    metadata: jsonb('metadata').$type<Record<string, string>>().notNull().default({}),
  },
  (t) => [primaryKey({ columns: [t.user_id, t.meeting_id] }), index('user_meetings_by_meeting').on(t.meeting_id)],
);

const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' });

/** Final transcripts. Times are seconds from the meeting's start and absolute times, both as the wholesaler served them. */
export const transcriptions = pgTable(
  'transcriptions',
  {
    ...transcriptionColumns(),
    absolute_start_time: time('absolute_start_time'),
    absolute_end_time: time('absolute_end_time'),
    /** When the wholesaler first and last wrote the segment. */
    heard_at: time('heard_at'),
    revised_at: time('revised_at'),
    /** Who held the meeting when it ended; `user_meetings` says who still does. */
    holders: integer('holders').array().notNull().default([]),
    search: tsvector('search').generatedAlwaysAs(sql`to_tsvector('simple', "text")`),
  },
  (t) => [
    uniqueIndex('transcriptions_key').on(t.meeting_id, t.segment_id),
    // A search reads only what its user may read, however large the table.
    index('transcriptions_search').using('gin', t.holders, t.search),
  ],
);

/** Every event the wholesaler sent, stored before it is answered. */
export const inboundWebhooks = pgTable(
  'inbound_webhooks',
  {
    webhook_id: text('webhook_id').primaryKey(),
    event_type: text('event_type').notNull(),
    body: jsonb('body').$type<unknown>().notNull(),
    received_at: time('received_at').notNull().defaultNow(),
    processed_at: time('processed_at'),
    /** What came of it. */
    outcome: text('outcome'),
  },
  (t) => [index('inbound_webhooks_pending').on(t.received_at).where(sql`${t.processed_at} is null`)],
);
