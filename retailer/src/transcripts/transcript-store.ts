import type { Segment } from '@vexa/shared/contracts/transcript';
import type { Db } from '@vexa/shared/db/client';
import { asc, eq } from 'drizzle-orm';
import { transcriptions } from '../db/schema.ts';
import { iso, timeOf } from '../meetings/meeting.ts';

const rowsPerInsert = 1_000;

interface FinalSegments {
  meetingId: number;
  holders: number[];
  segments: readonly Segment[];
}

export async function insertSegments(db: Db, { meetingId, holders, segments }: FinalSegments): Promise<void> {
  const rows = segments.map((segment) => ({
    meeting_id: meetingId,
    holders,
    segment_id: segment.segment_id,
    start_time: segment.start,
    end_time: segment.end,
    text: segment.text,
    speaker: segment.speaker,
    language: segment.language,
    session_uid: segment.session_uid,
    absolute_start_time: timeOf(segment.absolute_start_time),
    absolute_end_time: timeOf(segment.absolute_end_time),
    heard_at: timeOf(segment.created_at),
    revised_at: timeOf(segment.updated_at),
  }));
  for (let at = 0; at < rows.length; at += rowsPerInsert) {
    await db.insert(transcriptions).values(rows.slice(at, at + rowsPerInsert));
  }
}

/** In spoken order. */
export async function selectSegments(db: Db, meetingId: number): Promise<Segment[]> {
  const rows = await db
    .select()
    .from(transcriptions)
    .where(eq(transcriptions.meeting_id, meetingId))
    .orderBy(asc(transcriptions.start_time), asc(transcriptions.end_time), asc(transcriptions.segment_id));
  return rows.map((row) => ({
    segment_id: row.segment_id,
    start: row.start_time,
    end: row.end_time,
    text: row.text,
    language: row.language,
    speaker: row.speaker,
    session_uid: row.session_uid,
    completed: true,
    created_at: iso(row.heard_at),
    updated_at: iso(row.revised_at),
    absolute_start_time: iso(row.absolute_start_time),
    absolute_end_time: iso(row.absolute_end_time),
  }));
}
