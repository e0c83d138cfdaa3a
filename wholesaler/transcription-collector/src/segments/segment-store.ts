import type { Db } from '@vexa/shared/db/client';
import { meetingSessions, meetings, transcriptions } from '@vexa/wholesaler-database/schema';
import { and, eq, getTableColumns, gte, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { SpokenPart } from '../speakers/split-by-speaker.ts';
import type { StoredSegment } from './stored-segment.ts';

const rowsPerStatement = 1_000;

/** Immutable segments of a meeting, in no order. */
export const storedSegments = (db: Db, meetingId: number): Promise<StoredSegment[]> =>
  select(db, eq(transcriptions.meeting_id, meetingId));

export async function storedSegmentsOfSessions(db: Db, meetingId: number, uids: string[]): Promise<StoredSegment[]> {
  if (uids.length === 0) return [];
  return select(db, eq(transcriptions.meeting_id, meetingId), inArray(transcriptions.session_uid, uids));
}

/** Segments of which it is not written down who spoke. */
export const namelessSegments = (db: Db, meetingId: number): Promise<StoredSegment[]> =>
  select(db, eq(transcriptions.meeting_id, meetingId), isNull(transcriptions.speaker), isNull(transcriptions.parts));

export async function storedSegmentsById(db: Db, meetingId: number, ids: string[]): Promise<StoredSegment[]> {
  if (ids.length === 0) return [];
  return select(db, eq(transcriptions.meeting_id, meetingId), inArray(transcriptions.segment_id, ids));
}

const Session = z.object({ session_uid: z.string() });

/**
 * Writes segments and adds them to the usage of their sessions, in one statement. The caller holds the meeting's lock,
 * so what is written here is never older than what is there. Answers with the sessions of which a segment was there
 * before: their usage is not added to, and has to be counted anew.
 */
export async function putSegments(db: Db, meetingId: number, segments: StoredSegment[]): Promise<string[]> {
  const recount = new Set<string>();
  for (let from = 0; from < segments.length; from += rowsPerStatement) {
    const rows = segments.slice(from, from + rowsPerStatement).map(toRow);
    const again = await db.execute(sql`
      with incoming as (
        select * from json_to_recordset(${JSON.stringify(rows)}::json) as r(segment_id text, session_uid text,
          start_time float8, end_time float8, text text, language text, speaker text, created_at timestamptz,
          words jsonb)
      ), again as (
        select distinct i.session_uid from incoming i
        join ${transcriptions} t on t.meeting_id = ${meetingId} and t.segment_id = i.segment_id
      ), put as (
        insert into ${transcriptions}
          (meeting_id, user_id, segment_id, session_uid, start_time, end_time, text, language, speaker, created_at, words)
        select ${meetingId}, (select user_id from ${meetings} where id = ${meetingId}), i.* from incoming i
        on conflict (meeting_id, segment_id) do update set start_time = excluded.start_time,
          end_time = excluded.end_time, text = excluded.text, speaker = excluded.speaker,
          language = excluded.language, created_at = excluded.created_at, words = excluded.words, parts = null
      ), added as (
        update ${meetingSessions} s
        set total_segment_duration_seconds = s.total_segment_duration_seconds + n.seconds,
          max_end_time = greatest(s.max_end_time, n.last), last_updated = now()
        from (
          select session_uid, sum(end_time - start_time) as seconds, max(end_time) as last
          from incoming where session_uid not in (select session_uid from again) group by session_uid
        ) n
        where s.meeting_id = ${meetingId} and s.session_uid = n.session_uid
      )
      select session_uid from again`);
    for (const row of again) recount.add(Session.parse(row).session_uid);
  }
  return [...recount];
}

/** Answers with the sessions that lost a segment. */
export async function deleteSegments(db: Db, meetingId: number, segmentIds: string[]): Promise<string[]> {
  if (segmentIds.length === 0) return [];
  const rows = await db
    .delete(transcriptions)
    .where(and(eq(transcriptions.meeting_id, meetingId), inArray(transcriptions.segment_id, segmentIds)))
    .returning({ uid: transcriptions.session_uid });
  return [...new Set(rows.map(({ uid }) => uid))];
}

/** Deletes a session's segments that start at or after a second of the session, and answers with them. */
export async function deleteSegmentsFrom(
  db: Db,
  { meetingId, uid, fromSeconds }: { meetingId: number; uid: string; fromSeconds: number },
): Promise<StoredSegment[]> {
  const rows = await db
    .delete(transcriptions)
    .where(
      and(
        eq(transcriptions.meeting_id, meetingId),
        eq(transcriptions.session_uid, uid),
        gte(transcriptions.start_time, fromSeconds),
      ),
    )
    .returning(columns);
  return rows.map(fromRow);
}

export async function deleteAllSegments(db: Db, meetingId: number): Promise<void> {
  await db.delete(transcriptions).where(eq(transcriptions.meeting_id, meetingId));
}

interface Named {
  segmentId: string;
  speaker: string | null;
  parts: SpokenPart[] | null;
}

/** Writes down who spoke; when each word was said is not asked any more after that. */
export async function nameSpeakers(db: Db, meetingId: number, named: Named[]): Promise<void> {
  for (let from = 0; from < named.length; from += rowsPerStatement) {
    const rows = named.slice(from, from + rowsPerStatement);
    await db.execute(sql`
      update ${transcriptions} t set speaker = n.speaker, parts = n.parts, words = null
      from json_to_recordset(${JSON.stringify(rows)}::json) as n("segmentId" text, speaker text, parts jsonb)
      where t.meeting_id = ${meetingId} and t.segment_id = n."segmentId"`);
  }
}

async function select(db: Db, ...conditions: SQL[]): Promise<StoredSegment[]> {
  const rows = await db
    .select(columns)
    .from(transcriptions)
    .where(and(...conditions));
  return rows.map(fromRow);
}

const { id: _id, meeting_id: _meeting, user_id: _user, search: _search, ...columns } = getTableColumns(transcriptions);
type Row = Pick<typeof transcriptions.$inferSelect, keyof typeof columns>;

const fromRow = (row: Row): StoredSegment => ({
  segmentId: row.segment_id,
  sessionUid: row.session_uid,
  start: row.start_time,
  end: row.end_time,
  text: row.text,
  language: row.language,
  speaker: row.speaker,
  completed: true,
  words: row.words,
  parts: row.parts,
  receivedAtMs: row.created_at.getTime(),
});

/** In the order of the columns that `putSegments` names. */
const toRow = (segment: StoredSegment) => ({
  segment_id: segment.segmentId,
  session_uid: segment.sessionUid,
  start_time: segment.start,
  end_time: segment.end,
  text: segment.text,
  language: segment.language,
  speaker: segment.speaker,
  created_at: new Date(segment.receivedAtMs).toISOString(),
  words: segment.words,
});
