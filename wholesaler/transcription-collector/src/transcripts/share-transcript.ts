import type { Share } from '@vexa/shared/contracts/transcript';
import { notFound } from '@vexa/shared/errors';
import { formatTranscript } from '@vexa/shared/transcripts/format-transcript';
import { findShare, makeShare } from '@vexa/shared/transcripts/share-links';
import { findMeetingById } from '../meetings/meeting-store.ts';
import { type MeetingQuery, readTranscript, requireMeeting } from './get-transcript.ts';
import type { ReadDeps } from './read-segments.ts';

export interface ShareDeps extends ReadDeps {
  /** What the path of a link is appended to; without it a link is told as its path. */
  publicUrl: string | undefined;
}

/** Makes a link to the transcript; only its hash is stored. Throws `not_found`, also for a purged meeting. */
export async function shareTranscript(
  { db, publicUrl }: Pick<ShareDeps, 'db' | 'publicUrl'>,
  { ttlSeconds, ...query }: MeetingQuery & { ttlSeconds: number },
): Promise<Share> {
  const meeting = await requireMeeting({ db }, query);
  if (meeting.redacted_at) throw notFound('Transcript');
  return makeShare(db, { meetingId: meeting.id, userId: query.userId, ttlSeconds, publicUrl });
}

/** The transcript behind a link, as text. Throws `not_found` for links that are unknown, expired or of a purged meeting. */
export async function readShared(deps: ReadDeps, shareId: string): Promise<string> {
  const share = await findShare(deps.db, shareId);
  const meeting = share && (await findMeetingById(deps.db, share.meetingId));
  if (!meeting || meeting.redacted_at || meeting.user_id !== share.userId) throw notFound('Shared transcript');
  return formatTranscript((await readTranscript(deps, meeting, undefined)).transcript, 'txt');
}
