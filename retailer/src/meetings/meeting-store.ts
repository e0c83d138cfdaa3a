import type { MeetingStatus } from '@vexa/shared/contracts/meeting';
import type { Platform } from '@vexa/shared/contracts/platform';
import { builtOnce } from '@vexa/shared/db/built-once';
import type { Db } from '@vexa/shared/db/client';
import { and, desc, eq, exists, inArray, isNull, lt, notInArray, type SQL, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import { meetings, userMeetings } from '../db/schema.ts';
import { announceStatus } from './announce.ts';
import { type HeldMeeting, type MeetingRef, type MeetingRow, statusesLeadingTo } from './meeting.ts';

const running = and(notInArray(meetings.status, ['completed', 'failed']), isNull(meetings.ended_upstream_at));
const under = ({ platform, nativeId }: Pick<MeetingRef, 'platform' | 'nativeId'>) =>
  and(eq(meetings.platform, platform), eq(meetings.platform_specific_id, nativeId));

interface FindOptions {
  /** Holds the meeting's row until the transaction ends. */
  lock?: boolean;
  /** Also a copy that its user deleted. */
  deleted?: boolean;
}

/** The meeting that one user means; undefined also for what belongs to others only. */
export async function findHeld(
  db: Db,
  userId: number,
  ref: MeetingRef,
  { lock = false, deleted = false }: FindOptions = {},
): Promise<HeldMeeting | undefined> {
  const query = lock ? lockedHeld(db) : held(db);
  const { platform, nativeId, meetingId = null } = ref;
  const [row] = await query.execute({ userId, platform, nativeId, meetingId, deleted });
  return row;
}

const selectOneHeld = (db: Db) =>
  db
    .select({ meeting: meetings, link: userMeetings })
    .from(meetings)
    .innerJoin(
      userMeetings,
      and(eq(userMeetings.meeting_id, meetings.id), eq(userMeetings.user_id, sql.placeholder('userId'))),
    )
    .where(
      and(
        eq(meetings.platform, sql.placeholder('platform')),
        eq(meetings.platform_specific_id, sql.placeholder('nativeId')),
        sql`(${sql.placeholder('meetingId')}::int is null or ${meetings.id} = ${sql.placeholder('meetingId')}::int)`,
        sql`(${sql.placeholder('deleted')}::boolean or ${userMeetings.deleted_at} is null)`,
      ),
    )
    .orderBy(desc(meetings.id))
    .limit(1);
const held = builtOnce((db) => selectOneHeld(db).prepare('held'));
const lockedHeld = builtOnce((db) => selectOneHeld(db).for('update', { of: meetings }).prepare('locked_held'));

export async function findHeldById(db: Db, userId: number, meetingId: number): Promise<HeldMeeting | undefined> {
  const [row] = await db
    .select({ meeting: meetings, link: userMeetings })
    .from(meetings)
    .innerJoin(userMeetings, and(eq(userMeetings.meeting_id, meetings.id), eq(userMeetings.user_id, userId)))
    .where(and(eq(meetings.id, meetingId), isNull(userMeetings.deleted_at)));
  return row;
}

export interface HeldPage {
  status?: MeetingStatus | undefined;
  platform?: Platform | undefined;
  /** Part of the native id, or of the name or a participant that the user wrote. */
  search?: string | undefined;
  beforeId?: number | undefined;
  offset?: number | undefined;
  limit: number;
}

/**
 * A user's meetings, newest first. Which they are is found first, by the ties of this user alone, and their rows are
 * fetched by their ids: joined at once, a plan may walk everybody's meetings in step with them.
 */
export async function selectHeld(db: Db, userId: number, filter: HeldPage): Promise<HeldMeeting[]> {
  const { status, platform, search, beforeId, offset = 0, limit } = filter;
  const filters = [
    status === undefined ? undefined : eq(meetings.status, status),
    platform === undefined ? undefined : eq(meetings.platform, platform),
    search === undefined ? undefined : mentions(search),
  ].filter((one) => one !== undefined);
  const before = (id: AnyPgColumn) => (beforeId === undefined ? undefined : lt(id, beforeId));
  const isMeant = db
    .select({ one: sql`1` })
    .from(meetings)
    .where(and(eq(meetings.id, userMeetings.meeting_id), before(meetings.id), ...filters));
  const page = db.$with('page').as(
    db
      .select()
      .from(userMeetings)
      .where(
        and(
          eq(userMeetings.user_id, userId),
          isNull(userMeetings.deleted_at),
          before(userMeetings.meeting_id),
          filters.length === 0 ? undefined : exists(isMeant),
        ),
      )
      .orderBy(desc(userMeetings.meeting_id))
      .limit(limit)
      .offset(offset),
  );
  const rows = await db
    .with(page)
    .select()
    .from(page)
    .innerJoin(meetings, eq(meetings.id, page.meeting_id))
    .where(sql`${meetings.id} = any(array(select ${page.meeting_id} from ${page}))`)
    .orderBy(desc(page.meeting_id));
  return rows.map(({ meetings: meeting, page: link }) => ({ meeting, link }));
}

const mentions = (text: string): SQL => sql`strpos(lower(${meetings.platform_specific_id} || ' '
  || coalesce(${userMeetings.data}->>'name', '') || ' ' || coalesce(${userMeetings.data}->>'participants', '')),
  ${text.toLowerCase()}) > 0`;

/** A user's meetings whose bot they have not sent away. */
export async function selectAttended(db: Db, userId: number): Promise<HeldMeeting[]> {
  return db
    .select({ meeting: meetings, link: userMeetings })
    .from(userMeetings)
    .innerJoin(meetings, eq(userMeetings.meeting_id, meetings.id))
    .where(
      and(
        eq(userMeetings.user_id, userId),
        isNull(userMeetings.left_at),
        eq(meetings.is_live, true),
        notInArray(meetings.status, ['completed', 'failed']),
        isNull(meetings.ended_upstream_at),
      ),
    )
    .orderBy(desc(meetings.id));
}

export async function findMeeting(db: Db, id: number): Promise<MeetingRow | undefined> {
  const [row] = await meetingById(db).execute({ id });
  return row;
}

const meetingById = builtOnce((db) =>
  db
    .select()
    .from(meetings)
    .where(eq(meetings.id, sql.placeholder('id')))
    .prepare('meeting_by_id'),
);

/** The one meeting running under a native id, whoever holds it. */
export async function findRunning(
  db: Db,
  ref: Pick<MeetingRef, 'platform' | 'nativeId'>,
  { lock = false } = {},
): Promise<MeetingRow | undefined> {
  const query = db
    .select()
    .from(meetings)
    .where(and(under(ref), running))
    .limit(1);
  const [row] = lock ? await query.for('update') : await query;
  return row;
}

export async function isKnownUpstream(db: Db, wholesalerId: number): Promise<boolean> {
  const rows = await db
    .select({ id: meetings.id })
    .from(meetings)
    .where(and(eq(meetings.wholesaler_meeting_id, wholesalerId), isNull(meetings.wholesaler_cleaned_at)))
    .limit(1);
  return rows.length > 0;
}

type MeetingChanges = Partial<Omit<typeof meetings.$inferInsert, 'id' | 'status' | 'data'>>;

interface Step {
  to: MeetingStatus;
  source: string;
  /** In words, for the history. */
  reason?: string | undefined;
}

/**
 * Moves a meeting to `to` if the lifecycle leads there from where it is, notes it in the history and tells its users.
 * Undefined when it does not, or is there already.
 */
export async function transition(
  db: Db,
  id: number,
  { changes = {}, ...step }: Step & { changes?: MeetingChanges },
): Promise<MeetingRow | undefined> {
  return db.transaction(async (tx) => {
    const [row] = await tx
      .update(meetings)
      .set({ ...changes, status: step.to, data: withTransition(step), updated_at: sql`now()` })
      .where(and(eq(meetings.id, id), inArray(meetings.status, statusesLeadingTo(step.to))))
      .returning();
    if (row) await announceStatus(tx, row, step.reason);
    return row;
  });
}

/** The history with one more line; computed by the statement, so that two changes at once are both in it. */
const withTransition = ({ to, source, reason }: Step): SQL => sql`jsonb_set(
  ${meetings.data}, '{status_transition}',
  coalesce(${meetings.data} -> 'status_transition', '[]'::jsonb) || jsonb_strip_nulls(jsonb_build_object(
    'from', ${meetings.status}, 'to', ${to}::text, 'timestamp',
    to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'source', ${source}::text,
    'reason', ${reason ?? null}::text)))`;

export async function updateMeeting(db: Db, id: number, changes: MeetingChanges): Promise<MeetingRow | undefined> {
  const [row] = await db
    .update(meetings)
    .set({ ...changes, updated_at: sql`now()` })
    .where(eq(meetings.id, id))
    .returning();
  return row;
}

interface End {
  checksum?: string | undefined;
  segments?: number | undefined;
  incomplete?: boolean | undefined;
}

/**
 * Notes that a meeting is over at the wholesaler and puts it into the finish queue, once; the event's checksum is
 * taken also when the end was known before. Undefined when the transcript is here already.
 */
export async function markEnded(db: Db, id: number, end: End = {}): Promise<MeetingRow | undefined> {
  const [row] = await db
    .update(meetings)
    .set({
      ended_upstream_at: sql`coalesce(${meetings.ended_upstream_at}, now())`,
      finish_due_at: end.checksum === undefined ? sql`coalesce(${meetings.finish_due_at}, now())` : sql`now()`,
      ...(end.checksum === undefined ? {} : { expected_checksum: end.checksum }),
      ...(end.segments === undefined ? {} : { expected_segments: end.segments }),
      ...(end.incomplete ? { transcript_incomplete: true } : {}),
    })
    .where(and(eq(meetings.id, id), isNull(meetings.transcript_cached_at), eq(meetings.is_live, true)))
    .returning();
  return row;
}
