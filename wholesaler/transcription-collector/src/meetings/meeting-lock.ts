import type { Db } from '@vexa/shared/db/client';
import { sql } from 'drizzle-orm';

// Sets our advisory locks apart from everybody else's in the database.
const lockClass = 7_305_202;

/** One transaction at a time per meeting among all collectors; others wait. */
export const withMeetingLock = <T>(db: Db, meetingId: number, work: (tx: Db) => Promise<T>): Promise<T> =>
  db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${lockClass}, ${meetingId})`);
    return work(tx);
  });

/** The same, or undefined at once when another collector is at work on the meeting. */
export const tryMeetingLock = <T>(db: Db, meetingId: number, work: (tx: Db) => Promise<T>): Promise<T | undefined> =>
  db.transaction(async (tx) => {
    const [row] = await tx.execute(sql`select pg_try_advisory_xact_lock(${lockClass}, ${meetingId}) as mine`);
    return row?.mine === true ? work(tx) : undefined;
  });
