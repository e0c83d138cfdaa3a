import type { Db } from '@vexa/shared/db/client';
import { meetingSessions, transcriptions } from '@vexa/wholesaler-database/schema';
import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Session, Sessions } from './session.ts';

export async function sessionsOf(db: Db, meetingId: number): Promise<Sessions> {
  const rows = await db.select().from(meetingSessions).where(eq(meetingSessions.meeting_id, meetingId));
  return new Map(rows.map((row) => [row.session_uid, toSession(row)]));
}

interface SessionChange {
  meetingId: number;
  uid: string;
  /** The known start, or the best guess when the row is made before `session_start` arrives. */
  startTime: Date;
}

/** `session_start` is the authority on what it says and touches nothing else, so it may come after the session's end. */
export async function putStartedSession(
  db: Db,
  { meetingId, uid, startTime, model, speaker }: SessionChange & { model: string; speaker: string | null },
): Promise<void> {
  const said = { session_start_time: startTime, model_identifier: model, speaker, last_updated: new Date() };
  await db
    .insert(meetingSessions)
    .values({ meeting_id: meetingId, session_uid: uid, ...said })
    .onConflictDoUpdate({ target: sessionKey, set: said });
}

export async function putEndedSession(
  db: Db,
  { meetingId, uid, startTime, ...end }: SessionChange & { endedAt: Date; audioSeconds: number; speechSeconds: number },
): Promise<void> {
  const said = {
    ended_at: end.endedAt,
    audio_seconds: end.audioSeconds,
    speech_seconds: end.speechSeconds,
    last_updated: new Date(),
  };
  await db
    .insert(meetingSessions)
    .values({ meeting_id: meetingId, session_uid: uid, session_start_time: startTime, ...said })
    .onConflictDoUpdate({ target: sessionKey, set: said });
}

/** Closes a session from `fromSeconds` on; of several takers the earliest second counts, in whatever order they come. */
export async function putSupersededSession(
  db: Db,
  { meetingId, uid, startTime, fromSeconds, endedAt }: SessionChange & { fromSeconds: number; endedAt: Date },
): Promise<void> {
  await db
    .insert(meetingSessions)
    .values({
      meeting_id: meetingId,
      session_uid: uid,
      session_start_time: startTime,
      superseded_from_seconds: fromSeconds,
      ended_at: endedAt,
    })
    .onConflictDoUpdate({
      target: sessionKey,
      set: {
        superseded_from_seconds: sql`least(${meetingSessions.superseded_from_seconds}, ${fromSeconds})`,
        ended_at: sql`coalesce(${meetingSessions.ended_at}, excluded.ended_at)`,
        last_updated: new Date(),
      },
    });
}

/** Ends every session that never said it did. */
export async function endOpenSessions(db: Db, meetingId: number, endedAt: Date): Promise<void> {
  await db
    .update(meetingSessions)
    .set({ ended_at: endedAt, last_updated: new Date() })
    .where(and(eq(meetingSessions.meeting_id, meetingId), isNull(meetingSessions.ended_at)));
}

/** A row for a session known only by its words, already ended. */
export async function putOrphanSession(
  db: Db,
  { meetingId, uid, startTime, endedAt }: SessionChange & { endedAt: Date },
) {
  await db
    .insert(meetingSessions)
    .values({ meeting_id: meetingId, session_uid: uid, session_start_time: startTime, ended_at: endedAt })
    .onConflictDoNothing();
}

/** Usage figures follow from the stored words, so that replays cannot count anything twice. */
export async function refreshAggregates(db: Db, meetingId: number, uids: string[]): Promise<void> {
  if (uids.length === 0) return;
  const figure = (expression: ReturnType<typeof sql>) =>
    sql`coalesce((select ${expression} from ${transcriptions} t
      where t.meeting_id = ${meetingId} and t.session_uid = ${meetingSessions.session_uid}), 0)`;
  await db
    .update(meetingSessions)
    .set({
      max_end_time: figure(sql`max(t.end_time)`),
      total_segment_duration_seconds: figure(sql`sum(t.end_time - t.start_time)`),
      last_updated: new Date(),
    })
    .where(and(eq(meetingSessions.meeting_id, meetingId), inArray(meetingSessions.session_uid, uids)));
}

/** Usage stays countable after a purge; the name goes. */
export async function eraseSpeakers(db: Db, meetingId: number): Promise<void> {
  await db.update(meetingSessions).set({ speaker: null }).where(eq(meetingSessions.meeting_id, meetingId));
}

const sessionKey = [meetingSessions.meeting_id, meetingSessions.session_uid];

const toSession = (row: typeof meetingSessions.$inferSelect): Session => ({
  uid: row.session_uid,
  startMs: row.session_start_time.getTime(),
  speaker: row.speaker,
  ended: row.ended_at !== null,
  supersededFrom: row.superseded_from_seconds,
  audioSeconds: row.audio_seconds,
  speechSeconds: row.speech_seconds,
  storedUntil: row.max_end_time,
});
