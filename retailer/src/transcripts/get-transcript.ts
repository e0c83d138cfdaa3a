import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import type { Transcript } from '@vexa/shared/contracts/transcript';
import type { Db } from '@vexa/shared/db/client';
import { notFound, ServiceError } from '@vexa/shared/errors';
import { type Cursor, encodeCursor } from '@vexa/shared/transcripts/cursor';
import { type HeldMeeting, iso, type MeetingRef, type MeetingRow, upstreamRef } from '../meetings/meeting.ts';
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
export async function getTranscript(
  deps: TranscriptDeps,
  userId: number,
  { since, ...ref }: MeetingRef & { since?: Cursor | undefined },
): Promise<Transcript> {
  const held = await findHeld(deps.db, userId, ref);
  if (!held) throw notFound('Meeting');
  return readHeld(deps, held, since);
}

/** The same for whoever has the meeting and its tie to the user already. */
export async function readHeld(deps: TranscriptDeps, held: HeldMeeting, since?: Cursor): Promise<Transcript> {
  const transcript = await readMeeting(deps, held.meeting, since);
  const readable = readableSince(deps.lateReaders, held.link);
  return { ...transcript, segments: visibleSegments(transcript.segments, readable) };
}

/** All of a meeting's transcript, whoever asks; with `since` what changed after that cursor, if that can be told. */
export const readMeeting = (deps: TranscriptDeps, meeting: MeetingRow, since: Cursor | undefined) =>
  meeting.is_live ? readLive(deps, meeting, since) : readHistory(deps.db, meeting, since);

/** Where a reader stands who has all of a meeting that is over: nothing changes there any more. */
export const finalCursor = ({ id }: Pick<MeetingRow, 'id'>): Cursor => ({ epoch: `final${id}`, seq: 0 });

async function readLive(deps: TranscriptDeps, meeting: MeetingRow, since: Cursor | undefined): Promise<Transcript> {
  const ref = upstreamRef(meeting);
  if (!ref) return shape(meeting, { segments: [], source: 'live' });
  const answer = await deps.client.transcript(ref, since && encodeCursor(since)).catch((error: unknown) => error);
  // The wholesaler deletes its copy once we have ours, maybe while it was answering: then its answer is void.
  const now = await findMeeting(deps.db, meeting.id);
  if (now && !now.is_live) return readHistory(deps.db, now, since);
  if (isTranscript(answer)) {
    deps.copies.keep(meeting.id, answer);
    const known = now ?? meeting;
    const told = answer.status === known.status ? known : await applyUpstream(deps, known, answer);
    const status = isTerminal(answer.status) ? answer.status : told.status;
    const { segments, cursor, partial } = answer;
    return shape({ ...told, status }, { segments, source: 'live', cursor, ...(partial ? { partial } : {}) });
  }
  const isGone = isNotFoundUpstream(answer);
  if (isGone) await applyUpstream(deps, now ?? meeting, undefined);
  if (!isGone && !isOutage(answer)) throw toServiceError(answer);
  const copy = deps.copies.get(meeting.id);
  if (copy) {
    const { segments, cursor, takenAt } = copy;
    return shape(now ?? meeting, { segments, source: 'stale', stale_since: takenAt.toISOString(), cursor });
  }
  throw isGone ? settling() : toServiceError(answer);
}

const settling = () =>
  new ServiceError('unavailable', 'The transcript is being settled; try again soon.', { retryAfterSeconds: 5 });

const isTranscript = (answer: unknown): answer is Transcript =>
  typeof answer === 'object' && answer !== null && !(answer instanceof Error);

async function readHistory(db: Db, meeting: MeetingRow, since: Cursor | undefined): Promise<Transcript> {
  const final = encodeCursor(finalCursor(meeting));
  const isUpToDate = since !== undefined && encodeCursor(since) === final;
  const segments = isUpToDate ? [] : await selectSegments(db, meeting.id);
  return shape(meeting, { segments, source: 'history', cursor: final, ...(isUpToDate ? { partial: true } : {}) });
}

type Told = Pick<Transcript, 'segments' | 'source' | 'partial'> & Partial<Pick<Transcript, 'stale_since' | 'cursor'>>;

const shape = (meeting: MeetingRow, { source, stale_since = null, cursor = null, ...told }: Told): Transcript => ({
  id: meeting.id,
  platform: meeting.platform,
  native_meeting_id: meeting.platform_specific_id,
  constructed_meeting_url: meeting.meeting_url,
  status: meeting.status,
  start_time: iso(meeting.start_time),
  end_time: iso(meeting.end_time),
  source,
  stale_since,
  cursor,
  ...told,
});
