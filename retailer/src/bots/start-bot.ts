import type { Identity } from '@vexa/shared/contracts/internal';
import {
  type Meeting,
  type MeetingRequest,
  type StartBotRequest,
  toMeetingRequest,
} from '@vexa/shared/contracts/meeting';
import type { PlatformHosts } from '@vexa/shared/contracts/platform';
import type { Db } from '@vexa/shared/db/client';
import { forgetAnswer, hashRequest, type IdempotencyKey, replaceAnswer } from '@vexa/shared/idempotency/answer-store';
import type { Logger } from '@vexa/shared/logging';
import { findLink } from '../meetings/link-store.ts';
import { idempotencyKey, type MeetingRow, viewOf } from '../meetings/meeting.ts';
import { findMeeting, findRunning } from '../meetings/meeting-store.ts';
import { refreshIfPossible, refreshMeeting } from '../meetings/refresh-meeting.ts';
import type { UpstreamMeeting, WholesalerClient } from '../wholesaler/client.ts';
import { toServiceError } from '../wholesaler/error-mapping.ts';
import { WholesalerError } from '../wholesaler/wholesaler-error.ts';
import { claimMeeting } from './claim-meeting.ts';
import { findUnclaimed } from './find-unclaimed.ts';
import { recordFailedStart, recordStart } from './record-start.ts';
import { sendStop } from './stop-bot.ts';

/** A bot on its way, or one that is there already and is now shared. */
export interface StartedBot {
  meeting: Meeting;
  shared: boolean;
}

export interface StartBotDeps {
  db: Db;
  client: WholesalerClient;
  serviceLayerId: string;
  /** Of which servers a meeting link is understood. */
  hosts: PlatformHosts;
  /** Asked for where the user names no model; without it the wholesaler chooses. */
  defaultModel: string | undefined;
  onEnded: (meetingId: number) => void;
  logger: Logger;
}

/**
 * Sends a bot to a meeting, or lets the user share the one that is there (`shared`). The meeting is in the database
 * before the wholesaler is asked, so that whatever happens in between can be repaired. Throws `plan_limit`,
 * `concurrent_bot_limit`, `validation_error` for a link that is none, and what the wholesaler's refusal becomes.
 */
export async function startBot(
  deps: StartBotDeps,
  user: Identity,
  { asked, idempotencyKey }: { asked: StartBotRequest; idempotencyKey?: string | undefined },
): Promise<StartedBot> {
  const request = withModel(toMeetingRequest(asked, deps.hosts), deps.defaultModel);
  const running = await findRunning(deps.db, { platform: request.platform, nativeId: request.native_meeting_id });
  // It may have ended without our knowing: then this user wants a new bot, not a share of the old one.
  if (running) await refreshIfPossible((meeting) => refreshMeeting(deps, meeting), running);
  const key = idempotencyKey === undefined ? undefined : nameOf(user, idempotencyKey, asked);
  const claim = await claimMeeting(deps.db, user.user_id, { request, key });
  if ('replay' in claim) return claim.replay;
  const { held, isNew } = claim;
  if (!isNew) return { meeting: viewOf(held), shared: true };
  try {
    await startUpstream(deps, held.meeting);
  } catch (error) {
    if (key) await forgetAnswer(deps.db, key);
    throw error;
  }
  const [row, link] = await Promise.all([
    findMeeting(deps.db, held.meeting.id),
    findLink(deps.db, user.user_id, held.meeting.id),
  ]);
  const meeting = viewOf({ meeting: row ?? held.meeting, link: link ?? held.link });
  if (key) await replaceAnswer(deps.db, key, meeting);
  return { meeting, shared: false };
}

const nameOf = (user: Identity, key: string, asked: StartBotRequest): IdempotencyKey => ({
  userId: user.user_id,
  key,
  requestHash: hashRequest(['startBot', asked]),
});

const withModel = (request: MeetingRequest, fallback: string | undefined): MeetingRequest =>
  request.model_identifier || fallback === undefined ? request : { ...request, model_identifier: fallback };

type StartUpstreamDeps = Pick<StartBotDeps, 'db' | 'client' | 'serviceLayerId' | 'onEnded' | 'logger'>;

/**
 * Asks the wholesaler for the bot of a meeting that has none yet. Safe to repeat: the wholesaler answers the same key
 * with the same meeting. A refusal ends the meeting as failed and is thrown as what our user is told.
 */
export async function startUpstream(deps: StartUpstreamDeps, meeting: MeetingRow): Promise<void> {
  const { db, serviceLayerId } = deps;
  if (!meeting.start_request) throw new Error(`meeting ${meeting.id} has no request left to start it with`);
  let upstream: UpstreamMeeting;
  try {
    upstream = await askForBot(deps, meeting, meeting.start_request, idempotencyKey(serviceLayerId, meeting));
  } catch (error) {
    if (!(error instanceof WholesalerError)) throw error;
    await recordFailedStart(db, meeting, error);
    throw toServiceError(error);
  }
  const started = await recordStart(deps, meeting, upstream);
  // Everybody left while the wholesaler was starting it.
  if (started?.status === 'stopping') await sendStop(deps, started);
}

async function askForBot(
  deps: StartUpstreamDeps,
  meeting: MeetingRow,
  request: NonNullable<MeetingRow['start_request']>,
  key: string,
): Promise<UpstreamMeeting> {
  try {
    return await deps.client.startBot(request, key);
  } catch (error) {
    if (!(error instanceof WholesalerError) || error.code !== 'meeting_already_active') throw error;
    // Our own earlier attempt may have started it although its answer was lost.
    const own = await findUnclaimed(deps, meeting);
    if (own) return own;
    throw error;
  }
}
