import { Platform } from '@vexa/shared/contracts/platform';
import type { Db } from '@vexa/shared/db/client';
import type { FoundHit, HitQuery } from '@vexa/shared/transcripts/search-page';
import { meetingSessions, meetings, transcriptions } from '@vexa/wholesaler-database/schema';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { partId } from '../segments/timeline.ts';

const Row = z.object({
  id: z.int(),
  meeting_id: z.int(),
  platform: Platform,
  native_meeting_id: z.string(),
  segment_id: z.string(),
  /** Where the words are one person's part of a segment. */
  part: z.int().nullable(),
  start_time: z.number(),
  end_time: z.number(),
  speaker: z.string().nullable(),
  language: z.string().nullable(),
  snippet: z.string(),
  session_start_ms: z.coerce.number(),
  origin_ms: z.coerce.number(),
});

// Markers that no text needs escaping for; a longer segment is cut around the first match.
const headline = 'StartSel=**, StopSel=**, MaxWords=40, MinWords=20';

/** Newest first; `+ 0` keeps the planner from walking all ids instead of the words. Text that names no word finds nothing. */
export async function selectHits(db: Db, userId: number, { q, beforeId, limit }: HitQuery): Promise<FoundHit[]> {
  const rows = await db.execute(sql`
    with query as (select websearch_to_tsquery('simple', ${q}) as q),
    hits as (
      select t.id, t.meeting_id, t.segment_id, t.session_uid, t.start_time, t.end_time, t.speaker, t.language, t.text, t.parts
      from ${transcriptions} t, query
      where numnode(query.q) > 0 and t.user_id = ${userId} and t.search @@ query.q
        ${beforeId === undefined ? sql`` : sql`and t.id < ${beforeId}`}
      order by t.id + 0 desc limit ${limit}
    )
    select h.id, h.meeting_id, m.platform, m.platform_specific_id as native_meeting_id, h.segment_id, p.at as part,
      coalesce(p.start, h.start_time) as start_time, coalesce(p.end, h.end_time) as end_time,
      case when p.at is null then coalesce(h.speaker, s.speaker) else p.speaker end as speaker, h.language,
      ts_headline('simple', coalesce(p.text, h.text), query.q, ${headline}) as snippet,
      extract(epoch from s.session_start_time) * 1000 as session_start_ms,
      (select extract(epoch from min(o.session_start_time)) * 1000 from ${meetingSessions} o
        where o.meeting_id = h.meeting_id) as origin_ms
    from hits h
    cross join query
    left join lateral (
      select * from jsonb_to_recordset(h.parts) as p(at int, start float8, "end" float8, text text, speaker text)
      where to_tsvector('simple', p.text) @@ query.q order by p.at limit 1
    ) p on true
    join ${meetings} m on m.id = h.meeting_id and m.user_id = ${userId}
    join ${meetingSessions} s on s.meeting_id = h.meeting_id and s.session_uid = h.session_uid
    order by h.id desc`);
  return rows.map((row) => toHit(Row.parse(row)));
}

function toHit(row: z.infer<typeof Row>): FoundHit {
  const startMs = row.session_start_ms + Math.round(row.start_time * 1000);
  const endMs = row.session_start_ms + Math.round(row.end_time * 1000);
  const hit = {
    meeting_id: row.meeting_id,
    platform: row.platform,
    native_meeting_id: row.native_meeting_id,
    segment_id: partId(row.segment_id, row.part ?? 0),
    start: (startMs - row.origin_ms) / 1000,
    end: (endMs - row.origin_ms) / 1000,
    speaker: row.speaker,
    language: row.language,
    snippet: row.snippet,
    absolute_start_time: new Date(startMs).toISOString(),
    absolute_end_time: new Date(endMs).toISOString(),
  };
  return { id: row.id, hit };
}
