import { eq, sql } from 'drizzle-orm';
import type { MeetingRecord, MeetingTelematics } from '../../contracts/analytics.ts';
import type { Db } from '../../db/client.ts';
import type { StatusTransition } from '../../db/tables/meetings.ts';
import { notFound } from '../../errors.ts';
import { type AnalyticsSource, meetings, transcriptions } from './analytics-source.ts';
import { findMeetingRecord } from './meeting-records.ts';

/** How a meeting went. Of a redacted one only what bills need is left. Throws `not_found`. */
export async function meetingTelematics(
  db: Db,
  source: AnalyticsSource,
  meetingId: number,
): Promise<MeetingTelematics> {
  const meeting = await findMeetingRecord(db, meetingId);
  if (!meeting) throw notFound('Meeting');
  const [transitions, sessions, stats, uptime] = await Promise.all([
    selectTransitions(db, meetingId),
    source.sessions(db, meetingId),
    transcriptionStats(db, meetingId),
    source.botUptime(db, meetingId),
  ]);
  return {
    meeting,
    sessions,
    transcription_stats: stats,
    performance_metrics: { ...timesOf(meeting, transitions), bot_uptime: uptime },
    status_transition: transitions,
  };
}

function timesOf(meeting: MeetingRecord, transitions: StatusTransition[]) {
  const first = (...statuses: string[]) => transitions.find(({ to }) => statuses.includes(to))?.timestamp;
  const waiting = first('awaiting_admission');
  const active = first('active');
  return {
    join_time: secondsBetween(meeting.created_at, first('awaiting_admission', 'active')),
    admission_time: secondsBetween(waiting, active),
    total_duration: secondsBetween(meeting.start_time, meeting.end_time),
  };
}

const secondsBetween = (from: string | null | undefined, to: string | null | undefined): number | null =>
  from && to ? (Date.parse(to) - Date.parse(from)) / 1_000 : null;

async function selectTransitions(db: Db, meetingId: number): Promise<StatusTransition[]> {
  const [row] = await db.select({ data: meetings.data }).from(meetings).where(eq(meetings.id, meetingId));
  return row?.data.status_transition ?? [];
}

async function transcriptionStats(db: Db, meetingId: number): Promise<MeetingTelematics['transcription_stats']> {
  const t = transcriptions;
  const [row] = await db
    .select({
      total_transcriptions: sql<number>`count(*)::int`,
      total_duration: sql<number>`coalesce(sum(${t.end_time} - ${t.start_time}), 0)::float8`,
      unique_speakers: sql<number>`count(distinct ${t.speaker})::int`,
      languages_detected: sql<
        string[]
      >`coalesce(array_agg(distinct ${t.language}) filter (where ${t.language} is not null), '{}')`,
    })
    .from(t)
    .where(eq(t.meeting_id, meetingId));
  if (!row) throw new Error('an aggregate gave no row');
  return row;
}
