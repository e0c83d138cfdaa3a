import type { Db } from '@vexa/shared/db/client';
import { and, asc, eq, gt, isNotNull, isNull, lt, sql } from 'drizzle-orm';
import { meetings } from '../db/schema.ts';
import type { MeetingRow } from '../meetings/meeting.ts';

interface After {
  afterId: number;
  limit: number;
}

/** Meetings that, as far as we know, are still running at the wholesaler, whatever became of them here. */
export async function selectLive(db: Db, { afterId, limit }: After): Promise<MeetingRow[]> {
  return db
    .select()
    .from(meetings)
    .where(
      and(
        eq(meetings.is_live, true),
        isNotNull(meetings.wholesaler_meeting_id),
        isNull(meetings.ended_upstream_at),
        gt(meetings.id, afterId),
      ),
    )
    .orderBy(asc(meetings.id))
    .limit(limit);
}

/** Meetings whose start was never answered and is older than any start under way. */
export async function selectUnanswered(db: Db, before: Date, { afterId, limit }: After): Promise<MeetingRow[]> {
  return db
    .select()
    .from(meetings)
    .where(
      and(
        eq(meetings.is_live, true),
        isNull(meetings.wholesaler_meeting_id),
        lt(meetings.created_at, before),
        gt(meetings.id, afterId),
      ),
    )
    .orderBy(asc(meetings.id))
    .limit(limit);
}

/** Failed starts that may have left a bot behind. */
export async function selectPossibleOrphans(db: Db, limit: number): Promise<MeetingRow[]> {
  return db
    .select()
    .from(meetings)
    .where(isNotNull(meetings.orphan_check_until))
    .orderBy(asc(meetings.orphan_check_until))
    .limit(limit);
}

/** A bot was found for a start that had failed: the meeting is watched until it is over and cleaned up. */
export async function adoptOrphan(db: Db, id: number, wholesalerId: number): Promise<MeetingRow | undefined> {
  const [row] = await db
    .update(meetings)
    .set({ wholesaler_meeting_id: wholesalerId, orphan_check_until: null, is_live: true, updated_at: sql`now()` })
    .where(and(eq(meetings.id, id), isNull(meetings.wholesaler_meeting_id)))
    .returning();
  return row;
}
