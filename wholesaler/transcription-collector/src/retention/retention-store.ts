import type { Db } from '@vexa/shared/db/client';
import { meetings } from '@vexa/wholesaler-database/schema';
import { and, asc, inArray, isNotNull, isNull, lte } from 'drizzle-orm';

interface Before {
  endedBefore: Date;
  limit: number;
}

const over = [inArray(meetings.status, ['completed', 'failed'] as const), isNull(meetings.redacted_at)];

/** Meetings that ended before a moment and whose customer was not told yet, those that ended first coming first. */
export const untoldMeetings = (db: Db, { endedBefore, limit }: Before) =>
  db
    .select({ id: meetings.id, endedAt: meetings.end_time })
    .from(meetings)
    .where(and(...over, lte(meetings.end_time, endedBefore), isNull(meetings.expiry_told_at)))
    .orderBy(asc(meetings.end_time))
    .limit(limit);

/** Meetings that ended before a moment, and whose customer was told before another. */
export const expiredMeetings = (db: Db, { endedBefore, toldBefore, limit }: Before & { toldBefore: Date }) =>
  db
    .select({ id: meetings.id })
    .from(meetings)
    .where(
      and(
        ...over,
        lte(meetings.end_time, endedBefore),
        isNotNull(meetings.expiry_told_at),
        lte(meetings.expiry_told_at, toldBefore),
      ),
    )
    .orderBy(asc(meetings.end_time))
    .limit(limit);
