import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import type { Segment, Transcript } from '@vexa/shared/contracts/transcript';
import type { Db } from '@vexa/shared/db/client';
import { notFound, ServiceError } from '@vexa/shared/errors';
import { iso, type MeetingRef, type MeetingRow, upstreamRef } from '../meetings/meeting.ts';
import { findHeld, findMeeting } from '../meetings/meeting-store.ts';
import { applyUpstream } from '../meetings/refresh-meeting.ts';
import type { WholesalerClient } from '../wholesaler/client.ts';
import { toServiceError } from '../wholesaler/error-mapping.ts';
import { isNotFoundUpstream, isOutage } from '../wholesaler/wholesaler-error.ts';
import type { LastCopies } from './last-copies.ts';
import { selectSegments } from './transcript-store.ts';
import { type LateReaders, readableSince, visibleSegments } from './visible-segments.ts';

export interface TranscriptDeps {
  db: Db;
  client: Pick<WholesalerClient, 'transcript'>;
  copies: LastCopies;
  lateReaders: LateReaders;
  onEnded: (meetingId: number) => void;
}

/**
 * What was said, in one shape: `live` from the wholesaler, `history` from our own database, or `stale`, the last copy
 * of a live one while the wholesaler is away. Throws `not_found`, and what the wholesaler's failure becomes when there
 * is no copy.
 */
export async function getTranscript(deps: TranscriptDeps, userId: number, ref: MeetingRef): Promise<Transcript> {
  const held = await findHeld(deps.db, userId, ref);
  if (!held) throw notFound('Meeting');
  const transcript = await (held.meeting.is_live ? readLive(deps, held.meeting) : readHistory(deps.db, held.meeting));
  const since = readableSince(deps.lateReaders, held.link);
  return { ...transcript, segments: visibleSegments(transcript.segments, since) };
}

async function readLive(deps: TranscriptDeps, meeting: MeetingRow): Promise<Transcript> {
  const ref = upstreamRef(meeting);
  if (!ref) return shape(meeting, [], { source: 'live' });
  const answer = await deps.client.transcript(ref).catch((error: unknown) => error);
  // The wholesaler deletes its copy once we have ours, maybe while it was answering: then its answer is void.
  const now = await findMeeting(deps.db, meeting.id);
  if (now && !now.is_live) return readHistory(deps.db, now);
  if (isTranscript(answer)) {
    deps.copies.keep(meeting.id, { segments: answer.segments, takenAt: new Date() });
    const known = now ?? meeting;
    const told = answer.status === known.status ? known : await applyUpstream(deps, known, answer);
    const status = isTerminal(answer.status) ? answer.status : told.status;
    return shape({ ...told, status }, answer.segments, { source: 'live' });
  }
  const isGone = isNotFoundUpstream(answer);
  if (isGone) await applyUpstream(deps, now ?? meeting, undefined);
  if (!isGone && !isOutage(answer)) throw toServiceError(answer);
  const copy = deps.copies.get(meeting.id);
  if (copy) return shape(now ?? meeting, copy.segments, { source: 'stale', stale_since: copy.takenAt.toISOString() });
  throw isGone ? settling() : toServiceError(answer);
}

const settling = () =>
  new ServiceError('unavailable', 'The transcript is being settled; try again soon.', { retryAfterSeconds: 5 });

const isTranscript = (answer: unknown): answer is Transcript =>
  typeof answer === 'object' && answer !== null && !(answer instanceof Error);

async function readHistory(db: Db, meeting: MeetingRow): Promise<Transcript> {
  return shape(meeting, await selectSegments(db, meeting.id), { source: 'history' });
}

const shape = (
  meeting: MeetingRow,
  segments: Segment[],
  { source, stale_since = null }: { source: Transcript['source']; stale_since?: string | null },
): Transcript => ({
  id: meeting.id,
  platform: meeting.platform,
  native_meeting_id: meeting.platform_specific_id,
  constructed_meeting_url: meeting.meeting_url,
  status: meeting.status,
  start_time: iso(meeting.start_time),
  end_time: iso(meeting.end_time),
  source,
  stale_since,
  cursor: null,
  segments,
});
