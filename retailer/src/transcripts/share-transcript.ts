import type { Share } from '@vexa/shared/contracts/transcript';
import type { Db } from '@vexa/shared/db/client';
import { notFound } from '@vexa/shared/errors';
import { formatTranscript } from '@vexa/shared/transcripts/format-transcript';
import { findShare, makeShare } from '@vexa/shared/transcripts/share-links';
import type { MeetingRef } from '../meetings/meeting.ts';
import { findHeld, findHeldById } from '../meetings/meeting-store.ts';
import { readHeld, type TranscriptDeps } from './get-transcript.ts';

interface ShareDeps {
  db: Db;
  /** What the path of a link is appended to; without it a link is told as its path. */
  publicUrl: string | undefined;
}

/** Makes a link to what the user may read of a meeting; only its hash is stored. Throws `not_found`. */
export async function shareTranscript(
  { db, publicUrl }: ShareDeps,
  userId: number,
  { ttlSeconds, ...ref }: MeetingRef & { ttlSeconds: number },
): Promise<Share> {
  const held = await findHeld(db, userId, ref);
  if (!held) throw notFound('Meeting');
  return makeShare(db, { meetingId: held.meeting.id, userId, ttlSeconds, publicUrl });
}

/** What is behind a link, as text. Throws `not_found` once the link expired, or who made it holds the meeting no more. */
export async function readShared(deps: TranscriptDeps, shareId: string): Promise<string> {
  const share = await findShare(deps.db, shareId);
  const held = share && (await findHeldById(deps.db, share.userId, share.meetingId));
  if (!held) throw notFound('Shared transcript');
  return formatTranscript(await readHeld(deps, held), 'txt');
}
