import { desc, eq, lt } from 'drizzle-orm';
import type { AccountListQuery } from '../../contracts/accounts.ts';
import type { MeetingRecord, MeetingsWithUsers } from '../../contracts/analytics.ts';
import type { Db } from '../../db/client.ts';
import { users } from '../../db/tables/accounts.ts';
import { type Page, pageWindow, toPage } from '../list-accounts.ts';
import { meetings } from './analytics-source.ts';

const columns = {
  id: meetings.id,
  user_id: meetings.user_id,
  platform: meetings.platform,
  native_meeting_id: meetings.platform_specific_id,
  status: meetings.status,
  completion_reason: meetings.completion_reason,
  failure_stage: meetings.failure_stage,
  start_time: meetings.start_time,
  end_time: meetings.end_time,
  created_at: meetings.created_at,
  updated_at: meetings.updated_at,
};

/** Newest first. Throws `validation_error` on a cursor that is none. */
export async function listMeetingRecords(db: Db, query: AccountListQuery): Promise<Page<MeetingRecord>> {
  const rows = await selectMeetings(db, query);
  return toPage(
    rows.map(({ meeting }) => toRecord(meeting)),
    query.limit,
  );
}

/** Newest first, with the user of each. Throws `validation_error` on a cursor that is none. */
export async function listMeetingsWithUsers(db: Db, query: AccountListQuery): Promise<MeetingsWithUsers> {
  const [rows, total] = await Promise.all([selectMeetings(db, query), db.$count(meetings)]);
  const items = rows.map(({ meeting, user }) => ({
    ...toRecord(meeting),
    user: user && { ...user, created_at: user.created_at.toISOString() },
  }));
  const page = toPage(items, query.limit);
  return { total, items: page.items, next_cursor: page.nextCursor ?? null };
}

export async function findMeetingRecord(db: Db, id: number): Promise<MeetingRecord | undefined> {
  const [row] = await db.select(columns).from(meetings).where(eq(meetings.id, id));
  return row && toRecord(row);
}

function selectMeetings(db: Db, query: AccountListQuery) {
  const { afterId, offset, limit } = pageWindow(query);
  return db
    .select({ meeting: columns, user: users })
    .from(meetings)
    .leftJoin(users, eq(users.id, meetings.user_id))
    .where(afterId === undefined ? undefined : lt(meetings.id, afterId))
    .orderBy(desc(meetings.id))
    .offset(offset)
    .limit(limit);
}

type Row = Pick<typeof meetings.$inferSelect, Exclude<keyof typeof columns, 'native_meeting_id'>> & {
  native_meeting_id: string;
};

const toRecord = (row: Row): MeetingRecord => ({
  ...row,
  start_time: row.start_time?.toISOString() ?? null,
  end_time: row.end_time?.toISOString() ?? null,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});
