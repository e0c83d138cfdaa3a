import { ServiceError } from '@vexa/shared/errors';
import { findUnclaimed } from '../bots/find-unclaimed.ts';
import { endUnstarted, recordStart } from '../bots/record-start.ts';
import { type StartBotDeps, startUpstream } from '../bots/start-bot.ts';
import { markStopping, sendStop } from '../bots/stop-bot.ts';
import { countAttending } from '../meetings/link-store.ts';
import { type MeetingRow, upstreamRef } from '../meetings/meeting.ts';
import { findMeeting, updateMeeting } from '../meetings/meeting-store.ts';
import { applyUpstream, askUpstream } from '../meetings/refresh-meeting.ts';
import { adoptOrphan } from './sync-store.ts';

export type SyncDeps = StartBotDeps;

/** What was found to differ from the wholesaler, and put right. */
export type Drift =
  | 'missed_end'
  | 'stop_repeated'
  | 'nobody_attends'
  | 'start_repeated'
  | 'start_found'
  | 'start_given_up'
  | 'orphan_stopped';

/** Compares a running meeting with the wholesaler. Throws `WholesalerError` when it is silent. */
export async function syncRunning(deps: SyncDeps, meeting: MeetingRow): Promise<Drift | undefined> {
  const ref = upstreamRef(meeting);
  if (!ref) return undefined;
  const upstream = await askUpstream(deps.client, ref);
  const now = await applyUpstream(deps, meeting, upstream);
  if (now.ended_upstream_at !== null || !now.is_live) return 'missed_end';
  if (upstream?.status === 'stopping') return undefined;
  // Those of status failed are starts that were given up and came to life all the same.
  if (now.status === 'stopping' || now.status === 'failed') {
    await sendStop(deps, now);
    return 'stop_repeated';
  }
  if ((await countAttending(deps.db, now.id)) > 0) return undefined;
  await sendStop(deps, await markStopping(deps.db, now));
  return 'nobody_attends';
}

/** A bot that comes this late to a meeting helps nobody. */
const lateStartMs = 5 * 60_000;

/** Settles a start that was cut off before the wholesaler's answer was kept. */
export async function syncUnanswered(deps: SyncDeps, meeting: MeetingRow, now: Date): Promise<Drift> {
  const isWanted = meeting.status !== 'stopping' && (await countAttending(deps.db, meeting.id)) > 0;
  const isLate = now.getTime() - meeting.created_at.getTime() > lateStartMs;
  if (isWanted && !isLate && meeting.start_request) {
    try {
      await startUpstream(deps, meeting);
      return 'start_repeated';
    } catch (error) {
      if (error instanceof ServiceError) return 'start_given_up';
      throw error;
    }
  }
  const found = await findUnclaimed(deps, meeting);
  if (found) {
    const started = await recordStart(deps, meeting, found);
    if (started && !isWanted) await sendStop(deps, await markStopping(deps.db, started));
    return 'start_found';
  }
  const completion_reason = isWanted ? ('join_failure' as const) : ('stopped_before_admission' as const);
  await endUnstarted(deps.db, meeting.id, { completion_reason });
  return 'start_given_up';
}

/** Looks for the bot of a start that failed without an answer, and sends it away. */
export async function syncOrphan(deps: SyncDeps, meeting: MeetingRow, now: Date): Promise<Drift | undefined> {
  const found = await findUnclaimed(deps, meeting);
  if (found) {
    const adopted = await adoptOrphan(deps.db, meeting.id, found.id);
    if (adopted) await sendStop(deps, adopted);
    return 'orphan_stopped';
  }
  const fresh = await findMeeting(deps.db, meeting.id);
  if (fresh?.orphan_check_until && fresh.orphan_check_until < now) {
    await updateMeeting(deps.db, meeting.id, { orphan_check_until: null });
  }
  return undefined;
}
