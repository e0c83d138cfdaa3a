import { and, eq, gt, inArray, lte, sql } from 'drizzle-orm';
import type { Db } from '../db/client.ts';
import { transcriptShares } from '../db/tables/shares.ts';

export interface ShareRow {
  idHash: string;
  meetingId: number;
  userId: number;
  expiresAt: Date;
}

export async function putShare(db: Db, { idHash, meetingId, userId, expiresAt }: ShareRow): Promise<void> {
  await db
    .insert(transcriptShares)
    .values({ id_hash: idHash, meeting_id: meetingId, user_id: userId, expires_at: expiresAt });
}

/** The share if it has not expired. */
export async function findShareByHash(db: Db, idHash: string) {
  const [row] = await db
    .select({ meetingId: transcriptShares.meeting_id, userId: transcriptShares.user_id })
    .from(transcriptShares)
    .where(and(eq(transcriptShares.id_hash, idHash), gt(transcriptShares.expires_at, sql`now()`)));
  return row;
}

export async function deleteShares(db: Db, meetingId: number): Promise<void> {
  await db.delete(transcriptShares).where(eq(transcriptShares.meeting_id, meetingId));
}

/** At most `limit` of those that expired. */
export async function deleteExpiredShares(db: Db, limit: number): Promise<void> {
  const expired = db
    .select({ id: transcriptShares.id_hash })
    .from(transcriptShares)
    .where(lte(transcriptShares.expires_at, sql`now()`))
    .limit(limit);
  await db.delete(transcriptShares).where(inArray(transcriptShares.id_hash, expired));
}
