import { createHash, randomBytes } from 'node:crypto';
import type { Share } from '@vexa/shared/contracts/transcript';
import { notFound } from '@vexa/shared/errors';
import { formatTranscript } from '@vexa/shared/transcripts/format-transcript';
import { findMeetingById } from '../meetings/meeting-store.ts';
import { type MeetingQuery, readTranscript, requireMeeting } from './get-transcript.ts';
import type { ReadDeps } from './read-segments.ts';
import { deleteExpiredShares, findShare, putShare } from './share-store.ts';

export interface ShareDeps extends ReadDeps {
  /** What the path of a link is appended to; without it a link is told as its path. */
  publicUrl: string | undefined;
}

const sweptAtOnce = 100;

/** Makes a link to the transcript; only its hash is stored. Throws `not_found`, also for a purged meeting. */
export async function shareTranscript(
  deps: ShareDeps,
  { ttlSeconds, ...query }: MeetingQuery & { ttlSeconds: number },
): Promise<Share> {
  const meeting = await requireMeeting(deps, query);
  if (meeting.redacted_at) throw notFound('Transcript');
  const shareId = randomBytes(24).toString('base64url');
  const expiresAt = new Date(Date.now() + ttlSeconds * 1000);
  await deleteExpiredShares(deps.db, sweptAtOnce);
  await putShare(deps.db, { idHash: hashOf(shareId), meetingId: meeting.id, userId: query.userId, expiresAt });
  const path = `/public/transcripts/${shareId}.txt`;
  return {
    share_id: shareId,
    url: deps.publicUrl ? deps.publicUrl.replace(/\/+$/, '') + path : path,
    expires_at: expiresAt.toISOString(),
    expires_in_seconds: ttlSeconds,
  };
}

/** The transcript behind a link, as text. Throws `not_found` for links that are unknown, expired or of a purged meeting. */
export async function readShared(deps: ReadDeps, shareId: string): Promise<string> {
  const share = await findShare(deps.db, hashOf(shareId));
  const meeting = share && (await findMeetingById(deps.db, share.meetingId));
  if (!meeting || meeting.redacted_at || meeting.user_id !== share.userId) throw notFound('Shared transcript');
  return formatTranscript((await readTranscript(deps, meeting, undefined)).transcript, 'txt');
}

const hashOf = (shareId: string): string => createHash('sha256').update(shareId).digest('hex');
