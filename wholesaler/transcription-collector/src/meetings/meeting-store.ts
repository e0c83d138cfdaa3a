import type { Platform } from '@vexa/shared/contracts/platform';
import type { Db } from '@vexa/shared/db/client';
import { meetings } from '@vexa/wholesaler-database/schema';
import { and, desc, eq } from 'drizzle-orm';

export type MeetingRow = typeof meetings.$inferSelect;

interface MeetingQuery {
  userId: number;
  platform: Platform;
  nativeMeetingId: string;
  meetingId: number | undefined;
}

/** A user's own meeting: the named one, else the latest under the native id. */
export async function findMeeting(db: Db, { userId, platform, nativeMeetingId, meetingId }: MeetingQuery) {
  const [meeting] = await db
    .select()
    .from(meetings)
    .where(
      and(
        eq(meetings.user_id, userId),
        eq(meetings.platform, platform),
        eq(meetings.platform_specific_id, nativeMeetingId),
        ...(meetingId === undefined ? [] : [eq(meetings.id, meetingId)]),
      ),
    )
    .orderBy(desc(meetings.id))
    .limit(1);
  return meeting;
}

export async function findMeetingById(db: Db, id: number): Promise<MeetingRow | undefined> {
  const [meeting] = await db.select().from(meetings).where(eq(meetings.id, id));
  return meeting;
}
