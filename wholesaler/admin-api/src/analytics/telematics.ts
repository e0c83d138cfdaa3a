import type { MeetingRecord, MeetingTelematics } from '@vexa/shared/contracts/analytics';
import type { Db } from '@vexa/shared/db/client';
import type { StatusTransition } from '@vexa/shared/db/tables/meetings';
import { notFound } from '@vexa/shared/errors';
import { botRuns, meetingSessions, meetings, transcriptions } from '@vexa/wholesaler-database/schema';
import { asc, eq, sql } from 'drizzle-orm';
import { findMeetingRecord } from './meeting-records.ts';

/** More than any meeting has; the oldest are told. */
const mostSessions = 1_000;

/** How a meeting went. Of a redacted one only what bills need is left. Throws `not_found`. */
export async function meetingTelematics(db: Db, meetingId: number): Promise<MeetingTelematics> {
  const meeting = await findMeetingRecord(db, meetingId);
  if (!meeting) throw notFound('Meeting');
  const [transitions, sessions, stats, uptime] = await Promise.all([
    selectTransitions(db, meetingId),
    selectSessions(db, meetingId),
    transcriptionStats(db, meetingId),
    botUptime(db, meetingId),
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
