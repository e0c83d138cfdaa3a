import type { MeetingStatus } from '@vexa/shared/contracts/meeting';
import type { Platform } from '@vexa/shared/contracts/platform';
import type { Db } from '@vexa/shared/db/client';
import { idempotencyKeys, meetingSearchText, meetings } from '@vexa/wholesaler-database/schema';
import { and, desc, eq, like, sql } from 'drizzle-orm';

export type MeetingRow = typeof meetings.$inferSelect;

export interface MeetingRef {
  userId: number;
  platform: Platform;
  nativeId: string;
  /** Without it, the latest meeting of the native id. */
  meetingId?: number | undefined;
}

const matches = ({ userId, platform, nativeId, meetingId }: MeetingRef) =>
  and(
    eq(meetings.user_id, userId),
    eq(meetings.platform, platform),
    eq(meetings.platform_specific_id, nativeId),
    meetingId === undefined ? undefined : eq(meetings.id, meetingId),
  );

export async function findMeeting(db: Db, ref: MeetingRef): Promise<MeetingRow | undefined> {
  const [row] = await db.select().from(meetings).where(matches(ref)).orderBy(desc(meetings.id)).limit(1);
  return row;
}

export async function findMeetingById(db: Db, id: number): Promise<MeetingRow | undefined> {
  const [row] = await db.select().from(meetings).where(eq(meetings.id, id));
  return row;
}

/** Holds the row until the transaction ends: whoever decides about a meeting's bots does so alone. */
export async function lockMeeting(tx: Db, id: number): Promise<MeetingRow | undefined> {
  const [row] = await tx.select().from(meetings).where(eq(meetings.id, id)).for('update');
  return row;
}

interface ListFilter {
  userId: number;
  status?: MeetingStatus | undefined;
  platform?: Platform | undefined;
  /** Part of the native id, the name or a participant. */
  search?: string | undefined;
  before?: { at: Date; id: number } | undefined;
  offset: number;
  limit: number;
}

/** Newest first. */
export function listMeetingRows(db: Db, filter: ListFilter): Promise<MeetingRow[]> {
  const { userId, status, platform, search, before, offset, limit } = filter;
  return db
    .select()
    .from(meetings)
    .where(
      and(
        eq(meetings.user_id, userId),
        status && eq(meetings.status, status),
        platform && eq(meetings.platform, platform),
        search === undefined ? undefined : like(meetingSearchText(meetings), `%${literally(search.toLowerCase())}%`),
        before &&
          sql`(${meetings.created_at}, ${meetings.id}) < (${before.at.toISOString()}::timestamptz, ${before.id}::bigint)`,
      ),
    )
    .orderBy(desc(meetings.created_at), desc(meetings.id))
    .limit(limit)
    .offset(offset);
}

/** For LIKE, where three characters mean something else. */
const literally = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

// Written out, as only then Postgres takes the index over what is live.
const isLive = sql`${meetings.status} not in ('completed', 'failed')`;

/** Ids of the meetings of every user that have not ended. */
export async function listLiveMeetingIds(db: Db): Promise<number[]> {
  const rows = await db.select({ id: meetings.id }).from(meetings).where(isLive);
  return rows.map((row) => row.id);
}

/** Whether the user has a live meeting of this native id. */
export async function isAttended(tx: Db, ref: Omit<MeetingRef, 'meetingId'>): Promise<boolean> {
  const rows = await tx
    .select({ id: meetings.id })
    .from(meetings)
    .where(and(matches(ref), isLive))
    .limit(1);
  return rows.length > 0;
}

/** Undefined when the user has a live meeting of this native id already. */
export async function insertMeeting(tx: Db, values: typeof meetings.$inferInsert): Promise<MeetingRow | undefined> {
  const [row] = await tx.insert(meetings).values(values).onConflictDoNothing().returning();
  return row;
}

export async function mergeMeetingData(
  db: Db,
  id: number,
  data: Record<string, unknown>,
): Promise<MeetingRow | undefined> {
  const [row] = await db
    .update(meetings)
    .set({ data: sql`${meetings.data} || ${JSON.stringify(data)}::jsonb`, updated_at: sql`now()` })
    .where(and(eq(meetings.id, id), sql`${meetings.redacted_at} is null`))
    .returning();
  return row;
}

export async function setBotContainer(db: Db, id: number, containerId: string): Promise<MeetingRow | undefined> {
  const [row] = await db
    .update(meetings)
    .set({ bot_container_id: containerId, updated_at: sql`now()` })
    .where(eq(meetings.id, id))
    .returning();
  return row;
}

/** Leaves what bills and counts need, and nothing that was said, written or named. */
export function redactMeeting(db: Db, { id, user_id }: Pick<MeetingRow, 'id' | 'user_id'>): Promise<void> {
  return db.transaction(async (tx) => {
    await tx
      .update(meetings)
      .set({
        data: { redacted: true },
        metadata: {},
        meeting_url: null,
        redacted_at: sql`coalesce(${meetings.redacted_at}, now())`,
        updated_at: sql`now()`,
      })
      .where(eq(meetings.id, id));
    // The answer to whoever started it, kept for a day to be repeated, has its link and metadata too.
    await tx
      .delete(idempotencyKeys)
      .where(and(eq(idempotencyKeys.user_id, user_id), sql`${idempotencyKeys.response_body}->>'id' = ${String(id)}`));
  });
}
