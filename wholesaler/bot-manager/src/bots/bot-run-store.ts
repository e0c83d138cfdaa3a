import type { Db } from '@vexa/shared/db/client';
import { botRuns, meetings } from '@vexa/wholesaler-database/schema';
import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import type { MeetingRow } from '../meetings/meeting-store.ts';

export type BotRun = typeof botRuns.$inferSelect;

/** Of one meeting, oldest first. */
export const listRuns = (db: Db, meetingId: number): Promise<BotRun[]> =>
  db
    .select()
    .from(botRuns)
    .where(eq(botRuns.meeting_id, meetingId))
    .orderBy(asc(botRuns.started_at), asc(botRuns.connection_id));

export async function findRun(
  db: Db,
  by: { connectionId: string } | { containerName: string },
): Promise<BotRun | undefined> {
  const where =
    'connectionId' in by ? eq(botRuns.connection_id, by.connectionId) : eq(botRuns.container_name, by.containerName);
  const [row] = await db.select().from(botRuns).where(where);
  return row;
}

export const listOpenRuns = (db: Db): Promise<{ container_name: string; meeting_id: number }[]> =>
  db
    .select({ container_name: botRuns.container_name, meeting_id: botRuns.meeting_id })
    .from(botRuns)
    .where(isNull(botRuns.ended_at));

export function listOpenRunsOfUser(db: Db, userId: number): Promise<{ run: BotRun; meeting: MeetingRow }[]> {
  return db
    .select({ run: botRuns, meeting: meetings })
    .from(botRuns)
    .innerJoin(meetings, eq(meetings.id, botRuns.meeting_id))
    .where(and(eq(meetings.user_id, userId), isNull(botRuns.ended_at)))
    .orderBy(asc(botRuns.started_at));
}

export const countOpenRuns = (tx: Db): Promise<number> => tx.$count(botRuns, isNull(botRuns.ended_at));

export async function insertRun(
  tx: Db,
  values: Pick<BotRun, 'connection_id' | 'meeting_id' | 'container_name' | 'started_at'>,
): Promise<BotRun> {
  const [row] = await tx
    .insert(botRuns)
    .values({ ...values, last_seen_at: values.started_at })
    .returning();
  if (!row) throw new Error('an insert gave no row');
  return row;
}

/** False when the run was given up meanwhile: then its bot must go. */
export async function setRunContainer(db: Db, connectionId: string, containerId: string): Promise<boolean> {
  const rows = await db
    .update(botRuns)
    .set({ container_id: containerId })
    .where(and(eq(botRuns.connection_id, connectionId), isNull(botRuns.ended_at)))
    .returning({ id: botRuns.connection_id });
  return rows.length > 0;
}

interface Sighting {
  at: Date;
  audioSecondsHeard: number;
}

export async function markSeen(db: Db, connectionId: string, { at, audioSecondsHeard }: Sighting): Promise<void> {
  await db
    .update(botRuns)
    .set({
      last_seen_at: sql`greatest(${botRuns.last_seen_at}, ${at.toISOString()}::timestamptz)`,
      audio_seconds_heard: sql`greatest(${botRuns.audio_seconds_heard}, ${audioSecondsHeard}::float8)`,
    })
    .where(eq(botRuns.connection_id, connectionId));
}

/** The first end counts; an exit code is kept when none was known. */
export async function markEnded(
  tx: Db,
  connectionId: string,
  { at, exitCode }: { at: Date; exitCode: number | null },
): Promise<void> {
  await tx
    .update(botRuns)
    .set({
      ended_at: sql`coalesce(${botRuns.ended_at}, ${at.toISOString()}::timestamptz)`,
      exit_code: sql`coalesce(${botRuns.exit_code}, ${exitCode}::int)`,
    })
    .where(eq(botRuns.connection_id, connectionId));
}
