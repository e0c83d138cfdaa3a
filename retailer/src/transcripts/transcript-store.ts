import type { Segment } from '@vexa/shared/contracts/transcript';
import { builtOnce } from '@vexa/shared/db/built-once';
import type { Db } from '@vexa/shared/db/client';
import { asc, eq, sql } from 'drizzle-orm';
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

// The words as they are searched stay in the database: they are as long again as the text.
const told = {
  segment_id: transcriptions.segment_id,
  start: transcriptions.start_time,
  end: transcriptions.end_time,
  text: transcriptions.text,
  language: transcriptions.language,
  speaker: transcriptions.speaker,
  session_uid: transcriptions.session_uid,
  created_at: transcriptions.heard_at,
  updated_at: transcriptions.revised_at,
  absolute_start_time: transcriptions.absolute_start_time,
  absolute_end_time: transcriptions.absolute_end_time,
};

const segmentsOf = builtOnce((db) =>
  db
    .select(told)
    .from(transcriptions)
    .where(eq(transcriptions.meeting_id, sql.placeholder('meetingId')))
    .orderBy(asc(transcriptions.start_time), asc(transcriptions.end_time), asc(transcriptions.segment_id))
    .prepare('segments'),
);

/** In spoken order. */
export async function selectSegments(db: Db, meetingId: number): Promise<Segment[]> {
  const rows = await segmentsOf(db).execute({ meetingId });
  return rows.map((row) => ({
    ...row,
    completed: true,
    created_at: iso(row.created_at),
    updated_at: iso(row.updated_at),
    absolute_start_time: iso(row.absolute_start_time),
    absolute_end_time: iso(row.absolute_end_time),
  }));
}
