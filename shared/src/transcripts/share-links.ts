import { createHash, randomBytes } from 'node:crypto';
import type { Share } from '../contracts/transcript.ts';
import type { Db } from '../db/client.ts';
import { deleteExpiredShares, findShareByHash, putShare } from './share-store.ts';

interface NewShare {
  meetingId: number;
  userId: number;
  ttlSeconds: number;
  /** What the path of the link is appended to; without it the link is told as its path. */
  publicUrl: string | undefined;
}

const sweptAtOnce = 100;

/** Makes a link to a transcript; only its hash is stored. The caller has seen to whose it is. */
export async function makeShare(db: Db, { meetingId, userId, ttlSeconds, publicUrl }: NewShare): Promise<Share> {
  const shareId = randomBytes(24).toString('base64url');
  const expiresAt = new Date(Date.now() + ttlSeconds * 1000);
  await deleteExpiredShares(db, sweptAtOnce);
  await putShare(db, { idHash: hashOf(shareId), meetingId, userId, expiresAt });
  const path = `/public/transcripts/${shareId}.txt`;
  return {
    share_id: shareId,
    url: publicUrl ? publicUrl.replace(/\/+$/, '') + path : path,
    expires_at: expiresAt.toISOString(),
    expires_in_seconds: ttlSeconds,
  };
}

/** Whose transcript of which meeting a link opens; undefined when it is unknown or expired. */
export const findShare = (db: Db, shareId: string) => findShareByHash(db, hashOf(shareId));

const hashOf = (shareId: string): string => createHash('sha256').update(shareId).digest('hex');
