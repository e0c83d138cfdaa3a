import { meetingColumns, transcriptionColumns } from '@vexa/shared/db/tables/meetings';
import { type SQL, sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
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
/** Owner: transcription-collector. */
export { transcriptShares } from '@vexa/shared/db/tables/shares';
export { webhookDeliveries, webhookEndpoints } from '@vexa/shared/db/tables/webhooks';

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date', precision: 3 });

/** What `search` in the list of meetings looks at: native id, name and participants, in lower case. */
export const meetingSearchText = (t: { platform_specific_id: AnyPgColumn; data: AnyPgColumn }): SQL =>
  sql`lower(${t.platform_specific_id} || ' ' || coalesce(${t.data}->>'name', '') || ' ' || coalesce(${t.data}->>'participants', ''))`;

/** Owner: bot-manager. */
export const meetings = pgTable(
  'meetings',
  {
    ...meetingColumns(),
    /** When the customer was told that the meeting will be deleted soon. */
    expiry_told_at: time('expiry_told_at'),
    /** Set when the customer purged the meeting: no text and no names are left. */
    redacted_at: time('redacted_at'),
  },
  (t) => [
    uniqueIndex('meetings_one_live')
      .on(t.user_id, t.platform, t.platform_specific_id)
      .where(sql`${t.status} not in ('completed', 'failed')`),
    index('meetings_by_native_id').on(t.user_id, t.platform, t.platform_specific_id, t.id),
    // A page of the list costs the same however many meetings there are, whatever it is filtered by.
    index('meetings_list').on(t.user_id, t.created_at, t.id),
    index('meetings_list_status').on(t.user_id, t.status, t.created_at, t.id),
    index('meetings_list_platform').on(t.user_id, t.platform, t.created_at, t.id),
    // Without the user: who has most of the meetings would pay for reading a list of them all.
    index('meetings_search').using('gin', sql`(${meetingSearchText(t)}) gin_trgm_ops`),
    index('meetings_live').on(t.id).where(sql`${t.status} not in ('completed', 'failed')`),
    // Retention looks here for what is over and not redacted yet.
    index('meetings_kept')
      .on(t.end_time)
      .where(sql`${t.status} in ('completed', 'failed') and ${t.redacted_at} is null`),
  ],
);

/** Owner: bot-manager. One start of a bot for a meeting; the row exists before the bot does. */
export const botRuns = pgTable(
  'bot_runs',
  {
    connection_id: text('connection_id').primaryKey(),
    meeting_id: integer('meeting_id')
      .notNull()
      .references(() => meetings.id),
    container_id: text('container_id'),
    container_name: text('container_name').notNull(),
    started_at: time('started_at').notNull().defaultNow(),
    last_seen_at: time('last_seen_at').notNull().defaultNow(),
    /** Set once the runner or the bot itself says that it is gone. */
    ended_at: time('ended_at'),
    exit_code: integer('exit_code'),
    audio_seconds_heard: doublePrecision('audio_seconds_heard').notNull().default(0),
  },
  (t) => [
    index('bot_runs_by_meeting').on(t.meeting_id),
    uniqueIndex('bot_runs_container_name').on(t.container_name),
    index('bot_runs_open').on(t.meeting_id).where(sql`${t.ended_at} is null`),
  ],
);

/**
 * Users that were deleted and whose meetings are not erased yet: admin-api adds a row together with the deletion,
 * bot-manager takes it away when nothing is left.
 */
export const userErasures = pgTable('user_erasures', {
  user_id: integer('user_id').primaryKey(),
  requested_at: time('requested_at').notNull().defaultNow(),
});

/** Owner: transcription-collector. One audio stream of one participant (or of the whole room). */
export const meetingSessions = pgTable(
  'meeting_sessions',
  {
    id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
    meeting_id: integer('meeting_id').notNull(),
    session_uid: text('session_uid').notNull(),
    /** Wall clock of the session's first audio sample. */
    session_start_time: time('session_start_time').notNull(),
    model_identifier: text('model_identifier'),
    speaker: text('speaker'),
    ended_at: time('ended_at'),
    /** A later session took over from this second on: later words of this one are void. */
    superseded_from_seconds: doublePrecision('superseded_from_seconds'),
    audio_seconds: doublePrecision('audio_seconds').notNull().default(0),
    speech_seconds: doublePrecision('speech_seconds').notNull().default(0),
    max_end_time: doublePrecision('max_end_time').notNull().default(0),
    total_segment_duration_seconds: doublePrecision('total_segment_duration_seconds').notNull().default(0),
    last_updated: time('last_updated').notNull().defaultNow(),
  },
  (t) => [uniqueIndex('meeting_sessions_key').on(t.meeting_id, t.session_uid)],
);

const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' });

/** Owner: transcription-collector. Times are seconds of the segment's own session. */
export const transcriptions = pgTable(
  'transcriptions',
  {
    ...transcriptionColumns(),
    /** Whose meeting it is; null for words whose meeting has no row. */
    user_id: integer('user_id'),
    /** When each word was said, until it is written down who spoke; null where that is known anyway. */
    words: jsonb('words').$type<{ text: string; start: number; end: number }[]>(),
    /** Who spoke which part of a segment that several people spoke; `at` is the number of its first word. */
    parts: jsonb('parts').$type<{ at: number; start: number; end: number; text: string; speaker: string | null }[]>(),
    search: tsvector('search').generatedAlwaysAs(sql`to_tsvector('simple', "text")`),
  },
  (t) => [
    uniqueIndex('transcriptions_key').on(t.meeting_id, t.segment_id),
    index('transcriptions_by_session').on(t.meeting_id, t.session_uid),
    // A search reads only what its user said, however large the table.
    index('transcriptions_search').using('gin', t.user_id, t.search),
  ],
);

/** Owner: transcription-collector. Meetings that were purged: late messages about them are dropped, not stored. */
export const purgedMeetings = pgTable(
  'purged_meetings',
  { meeting_id: integer('meeting_id').notNull(), purged_at: time('purged_at').notNull().defaultNow() },
  (t) => [primaryKey({ columns: [t.meeting_id] })],
);
