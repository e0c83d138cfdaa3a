import type { UsageSource } from '@vexa/shared/accounts/usage/usage-source';
import type { Db } from '@vexa/shared/db/client';
import { sql } from 'drizzle-orm';
import { botRuns, meetingSessions, meetings } from './schema.ts';

// No bot attends that long, so a session of the period is never of a meeting asked for earlier than this before it.
const longestMeeting = sql`interval '2 days'`;

/** What a user of the wholesaler used, from the collector's figures of each session. */
export const wholesalerUsage: UsageSource = {
  async speechSeconds(db, userId, { start, end }) {
    const rows = await db.execute<{ model: string; seconds: number }>(sql`
      select coalesce(s.model_identifier, 'unknown') as model, sum(s.total_segment_duration_seconds)::float8 as seconds
      from ${meetings} m join ${meetingSessions} s on s.meeting_id = m.id
      where m.user_id = ${userId} and m.created_at >= ${iso(start)}::timestamptz - ${longestMeeting}
        and s.session_start_time >= ${iso(start)} and s.session_start_time < ${endOf(end)}
      group by 1`);
    return new Map(rows.map(({ model, seconds }) => [model, seconds]));
  },
  async meetingSeconds(db, userId, { start, end }) {
    const [row] = await db.execute<{ seconds: number }>(sql`
      select coalesce(sum(extract(epoch from coalesce(end_time, now()) - start_time)), 0)::float8 as seconds
      from ${meetings}
      where user_id = ${userId} and created_at >= ${iso(start)}::timestamptz - ${longestMeeting}
        and start_time >= ${iso(start)} and start_time < ${endOf(end)}`);
    return row?.seconds ?? 0;
  },
  /** All live meetings, except those that are stopping and whose bot has left already. */
  async concurrentBots(db, userId) {
    const [row] = await db.execute<{ count: number }>(sql`
      select count(*)::int as count from ${meetings} m
      where m.user_id = ${userId} and m.status not in ('completed', 'failed') and (m.status <> 'stopping' or exists (
        select 1 from ${botRuns} r where r.meeting_id = m.id and r.ended_at is null))`);
    return row?.count ?? 0;
  },
};

/** Whether a meeting of the user's has not ended yet. */
export async function hasLiveMeetings(db: Db, userId: number): Promise<boolean> {
  const rows = await db.execute(sql`
    select 1 from ${meetings} where user_id = ${userId} and status not in ('completed', 'failed') limit 1`);
  return rows.length > 0;
}

const iso = (time: Date): string => time.toISOString();
const endOf = (time: Date | null) => (time === null ? sql`'infinity'::timestamptz` : sql`${iso(time)}::timestamptz`);
