import type { Db } from '@vexa/shared/db/client';
import type { MeetingData } from '@vexa/shared/db/tables/meetings';
import { deleteShares } from '@vexa/shared/transcripts/share-store';
import { and, eq, isNotNull, isNull, ne, notExists, sql } from 'drizzle-orm';
import { idempotencyKeys, meetings, transcriptions, userMeetings } from '../db/schema.ts';
import type { LateReaders } from '../transcripts/visible-segments.ts';
import type { LinkRow } from './meeting.ts';

export async function findLink(db: Db, userId: number, meetingId: number): Promise<LinkRow | undefined> {
  const [row] = await db
    .select()
    .from(userMeetings)
    .where(and(eq(userMeetings.user_id, userId), eq(userMeetings.meeting_id, meetingId)));
  return row;
}

/** Ties a user to a meeting, or ties them anew after they left. */
export async function attach(
  db: Db,
  link: { userId: number; meetingId: number; metadata: Record<string, string> | undefined },
): Promise<LinkRow> {
  const metadata = link.metadata === undefined ? {} : { metadata: link.metadata };
  const [row] = await db
    .insert(userMeetings)
    .values({ user_id: link.userId, meeting_id: link.meetingId, ...metadata })
    .onConflictDoUpdate({
      target: [userMeetings.user_id, userMeetings.meeting_id],
      set: { left_at: null, deleted_at: null, ...metadata },
    })
    .returning();
  if (!row) throw new Error('an upsert gave no row');
  return row;
}

export async function leave(db: Db, userId: number, meetingId: number): Promise<void> {
  await db
    .update(userMeetings)
    .set({ left_at: sql`coalesce(${userMeetings.left_at}, now())` })
    .where(and(eq(userMeetings.user_id, userId), eq(userMeetings.meeting_id, meetingId)));
}

/** How many users still want the bot. */
export async function countAttending(db: Db, meetingId: number): Promise<number> {
  return db.$count(userMeetings, and(eq(userMeetings.meeting_id, meetingId), isNull(userMeetings.left_at)));
}

export async function selectHolders(db: Db, meetingId: number): Promise<number[]> {
  const rows = await db
    .select({ user_id: userMeetings.user_id })
    .from(userMeetings)
    .where(and(eq(userMeetings.meeting_id, meetingId), isNull(userMeetings.deleted_at)))
    .orderBy(userMeetings.user_id);
  return rows.map((row) => row.user_id);
}

/** Notes for each user how many seconds of a finished meeting's speech they may read. */
export async function countSpeech(db: Db, meetingId: number, lateReaders: LateReaders): Promise<void> {
  const readable = lateReaders === 'all' ? sql`true` : sql`t.absolute_end_time >= ${userMeetings.created_at}`;
  const seconds = sql`coalesce((select sum(t.end_time - t.start_time) from ${transcriptions} t
    where t.meeting_id = ${userMeetings.meeting_id} and ${readable}), 0)`;
  await db.update(userMeetings).set({ speech_seconds: seconds }).where(eq(userMeetings.meeting_id, meetingId));
}

export async function updateLinkData(
  db: Db,
  userId: number,
  meetingId: number,
  changes: MeetingData,
): Promise<LinkRow | undefined> {
  const [row] = await db
    .update(userMeetings)
    .set({ data: sql`${userMeetings.data} || ${JSON.stringify(changes)}::jsonb` })
    .where(and(eq(userMeetings.user_id, userId), eq(userMeetings.meeting_id, meetingId)))
    .returning();
  return row;
}

/** Takes a user's copy away, with everything they wrote. */
export async function deleteLink(db: Db, userId: number, meetingId: number): Promise<void> {
  await db
    .update(userMeetings)
    .set({ deleted_at: sql`coalesce(${userMeetings.deleted_at}, now())`, data: {}, metadata: {} })
    .where(and(eq(userMeetings.user_id, userId), eq(userMeetings.meeting_id, meetingId)));
  // The answer to whoever started it, kept for a day to be repeated, has its metadata too.
  await db
    .delete(idempotencyKeys)
    .where(
      and(eq(idempotencyKeys.user_id, userId), sql`${idempotencyKeys.response_body}->>'id' = ${String(meetingId)}`),
    );
}

const purgesAtOnce = 100;

/** Purges the text of finished meetings that nobody holds any more (all of them, or the one named). */
export async function purgeUnheld(db: Db, meetingId?: number): Promise<number> {
  const holders = db
    .select({ one: sql`1` })
    .from(userMeetings)
    .where(and(eq(userMeetings.meeting_id, meetings.id), isNull(userMeetings.deleted_at)));
  return db.transaction(async (tx) => {
    const rows = await tx
      .select({ id: meetings.id })
      .from(meetings)
      .where(
        and(
          meetingId === undefined ? undefined : eq(meetings.id, meetingId),
          isNotNull(meetings.transcript_cached_at),
          isNull(meetings.redacted_at),
          ne(meetings.is_live, true),
          notExists(holders),
        ),
      )
      .limit(purgesAtOnce)
      .for('update');
    for (const { id } of rows) {
      await tx.delete(transcriptions).where(eq(transcriptions.meeting_id, id));
      await deleteShares(tx, id);
      await tx
        .update(meetings)
        .set({ redacted_at: sql`now()`, meeting_url: null, metadata: {} })
        .where(eq(meetings.id, id));
    }
    return rows.length;
  });
}
