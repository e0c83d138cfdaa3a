import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import type { Db } from '@vexa/shared/db/client';
import type { UpstreamMeeting, UpstreamRef, WholesalerClient } from '../wholesaler/client.ts';
import { isNotFoundUpstream, WholesalerError } from '../wholesaler/wholesaler-error.ts';
import { isRunning, type MeetingRow, timeOf, upstreamRef } from './meeting.ts';
import { findMeeting, markEnded, transition, updateMeeting } from './meeting-store.ts';

export interface RefreshDeps {
  db: Db;
  client: Pick<WholesalerClient, 'meeting'>;
  /** Told once a meeting turns out to be over at the wholesaler. */
  onEnded: (meetingId: number) => void;
}

/** Brings what we know of a running meeting up to what the wholesaler says. Throws `WholesalerError` when it is silent. */
export async function refreshMeeting(deps: RefreshDeps, meeting: MeetingRow): Promise<MeetingRow> {
  const ref = upstreamRef(meeting);
  if (!ref || !meeting.is_live || meeting.ended_upstream_at !== null) return meeting;
  return applyUpstream(deps, meeting, await askUpstream(deps.client, ref));
}

/** Undefined when the wholesaler knows nothing of it. */
export async function askUpstream(
  client: RefreshDeps['client'],
  ref: UpstreamRef,
): Promise<UpstreamMeeting | undefined> {
  try {
    return await client.meeting(ref);
  } catch (error) {
    if (isNotFoundUpstream(error)) return undefined;
    throw error;
  }
}

type UpstreamFacts = Pick<UpstreamMeeting, 'status' | 'start_time' | 'constructed_meeting_url'>;

/** Takes over status and facts of a meeting as the wholesaler told them; one it knows nothing of is over. */
export async function applyUpstream(
  deps: Pick<RefreshDeps, 'db' | 'onEnded'>,
  meeting: MeetingRow,
  upstream: UpstreamFacts | undefined,
): Promise<MeetingRow> {
  if (!upstream || isTerminal(upstream.status)) return end(deps, meeting);
  const changes = {
    start_time: timeOf(upstream.start_time),
    meeting_url: withoutPasscode(upstream.constructed_meeting_url),
  };
  const moved =
    upstream.status === meeting.status
      ? undefined
      : await transition(deps.db, meeting.id, { to: upstream.status, source: 'wholesaler', changes });
  if (moved) return moved;
  const isNews =
    meeting.start_time?.getTime() !== changes.start_time?.getTime() || meeting.meeting_url !== changes.meeting_url;
  return (isNews ? await updateMeeting(deps.db, meeting.id, changes) : undefined) ?? meeting;
}

/** The link is for everybody who shares the meeting; the passcode in it belongs to the one who gave it. */
function withoutPasscode(link: string | null): string | null {
  if (!link || !URL.canParse(link)) return null;
  const url = new URL(link);
  for (const name of ['p', 'pwd']) url.searchParams.delete(name);
  return url.href;
}

async function end({ db, onEnded }: Pick<RefreshDeps, 'db' | 'onEnded'>, meeting: MeetingRow): Promise<MeetingRow> {
  const ended = await markEnded(db, meeting.id);
  if (ended) onEnded(meeting.id);
  return ended ?? (await findMeeting(db, meeting.id)) ?? meeting;
}

/** Like `refreshMeeting`, for answers that do with what we know when the wholesaler is silent. */
export async function refreshIfPossible(refresh: Refresh, meeting: MeetingRow): Promise<MeetingRow> {
  try {
    return await refresh(meeting);
  } catch (error) {
    if (error instanceof WholesalerError) return meeting;
    throw error;
  }
}

export type Refresh = (meeting: MeetingRow) => Promise<MeetingRow>;

const maxRemembered = 10_000;

/** Asks the wholesaler about one meeting at most once in `minAgeMs`, however many users look at it. */
export function createRefresher(deps: RefreshDeps, minAgeMs = 1_000): Refresh {
  const recent = new Map<number, { at: number; result: Promise<unknown> }>();
  return async (meeting) => {
    if (!upstreamRef(meeting) || !isRunning(meeting)) return meeting;
    const known = recent.get(meeting.id);
    if (known && performance.now() - known.at < minAgeMs) {
      await known.result;
      // Read anew: somebody may have changed it since that answer.
      return (await findMeeting(deps.db, meeting.id)) ?? meeting;
    }
    const result = refreshMeeting(deps, meeting);
    recent.delete(meeting.id);
    recent.set(meeting.id, { at: performance.now(), result });
    const [oldest] = recent.keys();
    if (recent.size > maxRemembered && oldest !== undefined) recent.delete(oldest);
    return result;
  };
}
