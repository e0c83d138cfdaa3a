import type { Db } from '@vexa/shared/db/client';
import { transcriptions } from '@vexa/wholesaler-database/schema';
import { and, eq, gte, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { StoredSegment } from './stored-segment.ts';

const rowsPerStatement = 1_000;

/** Immutable segments of a meeting, in no order. */
export const storedSegments = (db: Db, meetingId: number): Promise<StoredSegment[]> =>
  select(db, eq(transcriptions.meeting_id, meetingId));

export async function storedSegmentsOfSessions(db: Db, meetingId: number, uids: string[]): Promise<StoredSegment[]> {
  if (uids.length === 0) return [];
  return select(db, eq(transcriptions.meeting_id, meetingId), inArray(transcriptions.session_uid, uids));
}

/** Segments whose message named no speaker. */
export const namelessSegments = (db: Db, meetingId: number): Promise<StoredSegment[]> =>
  select(db, eq(transcriptions.meeting_id, meetingId), isNull(transcriptions.speaker));

/** The caller holds the meeting's lock, so what is written here is never older than what is there. */
export async function putSegments(db: Db, meetingId: number, segments: StoredSegment[]): Promise<void> {
  for (let from = 0; from < segments.length; from += rowsPerStatement) {
    const rows = segments.slice(from, from + rowsPerStatement).map((segment) => toRow(meetingId, segment));
    await db
      .insert(transcriptions)
      .values(rows)
      .onConflictDoUpdate({
        target: [transcriptions.meeting_id, transcriptions.segment_id],
        set: {
          start_time: sql`excluded.start_time`,
          end_time: sql`excluded.end_time`,
          text: sql`excluded.text`,
          speaker: sql`excluded.speaker`,
          language: sql`excluded.language`,
          created_at: sql`excluded.created_at`,
        },
      });
  }
}

export async function deleteSegments(db: Db, meetingId: number, segmentIds: string[]): Promise<void> {
  if (segmentIds.length === 0) return;
  await db
    .delete(transcriptions)
    .where(and(eq(transcriptions.meeting_id, meetingId), inArray(transcriptions.segment_id, segmentIds)));
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
    .returning();
  return rows.map(fromRow);
}

export async function deleteAllSegments(db: Db, meetingId: number): Promise<void> {
  await db.delete(transcriptions).where(eq(transcriptions.meeting_id, meetingId));
}

export async function nameSpeakers(db: Db, meetingId: number, names: { segmentId: string; speaker: string }[]) {
  const bySpeaker = Map.groupBy(names, ({ speaker }) => speaker);
  for (const [speaker, named] of bySpeaker) {
    const ids = named.map(({ segmentId }) => segmentId);
    await db
      .update(transcriptions)
      .set({ speaker })
      .where(and(eq(transcriptions.meeting_id, meetingId), inArray(transcriptions.segment_id, ids)));
  }
}

async function select(db: Db, ...conditions: SQL[]): Promise<StoredSegment[]> {
  const rows = await db
    .select()
    .from(transcriptions)
    .where(and(...conditions));
  return rows.map(fromRow);
}

type Row = typeof transcriptions.$inferSelect;

const fromRow = (row: Row): StoredSegment => ({
  segmentId: row.segment_id,
  sessionUid: row.session_uid,
  start: row.start_time,
  end: row.end_time,
  text: row.text,
  language: row.language,
  speaker: row.speaker,
  completed: true,
  receivedAtMs: row.created_at.getTime(),
});

const toRow = (meetingId: number, segment: StoredSegment): typeof transcriptions.$inferInsert => ({
  meeting_id: meetingId,
  segment_id: segment.segmentId,
  session_uid: segment.sessionUid,
  start_time: segment.start,
  end_time: segment.end,
  text: segment.text,
  language: segment.language,
  speaker: segment.speaker,
  created_at: new Date(segment.receivedAtMs),
});
