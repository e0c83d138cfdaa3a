import type { Db } from '@vexa/shared/db/client';
import { purgedMeetings } from '@vexa/wholesaler-database/schema';
import { eq } from 'drizzle-orm';

export async function isPurged(db: Db, meetingId: number): Promise<boolean> {
  const rows = await db
    .select({ id: purgedMeetings.meeting_id })
    .from(purgedMeetings)
    .where(eq(purgedMeetings.meeting_id, meetingId));
  return rows.length > 0;
}

export async function putPurged(db: Db, meetingId: number): Promise<void> {
  await db.insert(purgedMeetings).values({ meeting_id: meetingId }).onConflictDoNothing();
}
