import { index, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date', precision: 3 });

/** Links that open one transcript to whoever has them; the link itself is not kept. */
export const transcriptShares = pgTable(
  'transcript_shares',
  {
    /** SHA-256 of the share id. */
    id_hash: text('id_hash').primaryKey(),
    meeting_id: integer('meeting_id').notNull(),
    user_id: integer('user_id').notNull(),
    expires_at: time('expires_at').notNull(),
    created_at: time('created_at').notNull().defaultNow(),
  },
  (t) => [index('transcript_shares_by_meeting').on(t.meeting_id), index('transcript_shares_by_end').on(t.expires_at)],
);
