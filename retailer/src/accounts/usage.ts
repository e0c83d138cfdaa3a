import type { UsageSource } from '@vexa/shared/accounts/usage/usage-source';
import { sql } from 'drizzle-orm';
import { meetings, userMeetings } from '../db/schema.ts';
import { selectAttended } from '../meetings/meeting-store.ts';

// No bot attends that long, so a meeting of the period is never one asked for earlier than this before it.
const longestMeeting = sql`interval '2 days'`;

/**
 * What a user of ours used. Of a shared meeting each user is counted what they may read of it, once it is over: until
 * then its words are at the wholesaler.
 */
export const retailerUsage: UsageSource = {
  async speechSeconds(db, userId, { start, end }) {
    const rows = await db.execute<{ model: string; seconds: number }>(sql`
      select m.model_identifier as model, sum(um.speech_seconds)::float8 as seconds
      from ${userMeetings} um join ${meetings} m on m.id = um.meeting_id
      where um.user_id = ${userId} and um.speech_seconds > 0
        and m.created_at >= ${iso(start)}::timestamptz - ${longestMeeting}
        and coalesce(m.start_time, m.created_at) >= ${iso(start)} and coalesce(m.start_time, m.created_at) < ${endOf(end)}
      group by 1`);
    return new Map(rows.map(({ model, seconds }) => [model, seconds]));
  },
  /** From when they asked for the bot until they sent it away or it left. */
  async meetingSeconds(db, userId, { start, end }) {
    const [row] = await db.execute<{ seconds: number }>(sql`
      select coalesce(sum(greatest(0, extract(epoch from
        least(coalesce(m.end_time, now()), coalesce(um.left_at, 'infinity')) - greatest(m.start_time, um.created_at)
      ))), 0)::float8 as seconds
      from ${userMeetings} um join ${meetings} m on m.id = um.meeting_id
      where um.user_id = ${userId} and m.created_at >= ${iso(start)}::timestamptz - ${longestMeeting}
        and m.start_time >= ${iso(start)} and m.start_time < ${endOf(end)}`);
    return row?.seconds ?? 0;
  },
  concurrentBots: async (db, userId) => (await selectAttended(db, userId)).length,
};

const iso = (time: Date): string => time.toISOString();
const endOf = (time: Date | null) => (time === null ? sql`'infinity'::timestamptz` : sql`${iso(time)}::timestamptz`);
