import { Platform } from '@vexa/shared/contracts/platform';
import type { Db } from '@vexa/shared/db/client';
import type { FoundHit, HitQuery } from '@vexa/shared/transcripts/search-page';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { meetings, transcriptions, userMeetings } from '../db/schema.ts';
import type { LateReaders } from './visible-segments.ts';

const Row = z.object({
  id: z.int(),
  meeting_id: z.int(),
  platform: Platform,
  native_meeting_id: z.string(),
  segment_id: z.string(),
  start_time: z.number(),
  end_time: z.number(),
  speaker: z.string().nullable(),
  language: z.string().nullable(),
  snippet: z.string(),
  /** Wall clock of the segment's beginning. */
  start_ms: z.coerce.number(),
});

// Markers that no text needs escaping for; a longer segment is cut around the first match.
const headline = 'StartSel=**, StopSel=**, MaxWords=40, MinWords=20';

interface Reader {
  userId: number;
  lateReaders: LateReaders;
}

/**
 * Where finished meetings that the user holds have the words, newest first; of those they joined late only what they may
 * read. `+ 0` keeps the planner from walking all ids instead of the words.
 */
export async function selectHits(
  db: Db,
  { userId, lateReaders }: Reader,
  { q, beforeId, limit }: HitQuery,
): Promise<FoundHit[]> {
  const rows = await db.execute(sql`
    with query as (select websearch_to_tsquery('simple', ${q}) as q),
    hits as (
      select t.*
      from ${transcriptions} t cross join query
      join ${userMeetings} um on um.meeting_id = t.meeting_id and um.user_id = ${userId} and um.deleted_at is null
      where numnode(query.q) > 0 and t.holders @> array[${userId}]::int[] and t.search @@ query.q
        ${lateReaders === 'all' ? sql`` : sql`and t.absolute_end_time >= um.created_at`}
        ${beforeId === undefined ? sql`` : sql`and t.id < ${beforeId}`}
      order by t.id + 0 desc limit ${limit}
    )
    select h.id, h.meeting_id, m.platform, m.platform_specific_id as native_meeting_id, h.segment_id,
      h.start_time, h.end_time, h.speaker, h.language,
      ts_headline('simple', h.text, query.q, ${headline}) as snippet,
      extract(epoch from coalesce(h.absolute_start_time,
        coalesce(m.start_time, m.created_at) + make_interval(secs => h.start_time))) * 1000 as start_ms
    from hits h cross join query join ${meetings} m on m.id = h.meeting_id
    order by h.id desc`);
  return rows.map((row) => toHit(Row.parse(row)));
}

function toHit({ id, start_ms, start_time: start, end_time: end, ...row }: z.infer<typeof Row>): FoundHit {
  const absolute_end_time = new Date(start_ms + Math.round((end - start) * 1000)).toISOString();
  return { id, hit: { ...row, start, end, absolute_start_time: new Date(start_ms).toISOString(), absolute_end_time } };
}
