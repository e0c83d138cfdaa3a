import type { AnalyticsSource } from '@vexa/shared/accounts/analytics/analytics-source';
import type { MeetingTelematics } from '@vexa/shared/contracts/analytics';
import type { Db } from '@vexa/shared/db/client';
import { asc, eq, sql } from 'drizzle-orm';
import { botRuns, meetingSessions, meetings } from './schema.ts';
import { wholesalerUsage } from './usage.ts';

/** What an operator of the wholesaler looks at. */
export const wholesalerAnalytics: AnalyticsSource = {
  usage: wholesalerUsage,
  meetingsOf: (userId) => sql`select * from ${meetings} where ${meetings.user_id} = ${userId}`,
  sessions: selectSessions,
  botUptime,
};

/** More than any meeting has; the oldest are told. */
const mostSessions = 1_000;

async function selectSessions(db: Db, meetingId: number): Promise<MeetingTelematics['sessions']> {
  const rows = await db
    .select()
    .from(meetingSessions)
    .where(eq(meetingSessions.meeting_id, meetingId))
    .orderBy(asc(meetingSessions.id))
    .limit(mostSessions);
  return rows.map((row) => ({
    id: row.id,
    meeting_id: row.meeting_id,
    session_uid: row.session_uid,
    session_start_time: row.session_start_time.toISOString(),
    ended_at: row.ended_at?.toISOString() ?? null,
    model_identifier: row.model_identifier,
    audio_seconds: row.audio_seconds,
    speech_seconds: row.speech_seconds,
    total_segment_duration_seconds: row.total_segment_duration_seconds,
    last_updated: row.last_updated.toISOString(),
  }));
}

async function botUptime(db: Db, meetingId: number): Promise<number | null> {
  const [row] = await db
    .select({
      seconds: sql<
        number | null
      >`sum(extract(epoch from coalesce(${botRuns.ended_at}, now()) - ${botRuns.started_at}))::float8`,
    })
    .from(botRuns)
    .where(eq(botRuns.meeting_id, meetingId));
  return row?.seconds ?? null;
}
