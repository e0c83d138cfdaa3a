import { setTimeout as sleep } from 'node:timers/promises';
import type { DrainReply } from '@vexa/shared/contracts/internal';
import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import { transcriptChecksum } from '@vexa/shared/contracts/transcript';
import type { MeetingFinished } from '@vexa/shared/contracts/webhook-events';
import { errorFields, type Logger } from '@vexa/shared/logging';
import { enqueueWebhook } from '@vexa/shared/webhooks/enqueue';
import { type BotRun, listRuns } from '../bots/bot-run-store.ts';
import type { LifecycleLimits } from '../config.ts';
import { findMeetingById, type MeetingRow } from '../meetings/meeting-store.ts';
import { type TransitionDeps, transitionMeeting } from '../meetings/transition.ts';
import type { LifecycleMetrics } from '../metrics/lifecycle-metrics.ts';
import { type CollectorClient, CollectorUnreachableError } from './collector-client.ts';
import { emptyNote, endingOf, reasonOf, wasActive } from './outcome.ts';

export interface FinishDeps extends TransitionDeps {
  collector: Pick<CollectorClient, 'drain'>;
  logger: Logger;
  metrics: LifecycleMetrics;
  limits: Pick<LifecycleLimits, 'sessionEndMs' | 'finishMs' | 'collectorDownMs'>;
  /** Between two questions to the collector. */
  pollMs?: number;
}

const catchUpMs = 5_000;

const nothingHeard: DrainReply = {
  drained: false,
  open_sessions: [],
  segment_count: 0,
  checksum: transcriptChecksum([]),
  audio_seconds: 0,
  speech_seconds: 0,
};

/**
 * The finish barrier: the meeting ends once the collector has stored all that its bots heard. Everything it needs
 * is in rows, so it may be run again after a crash, or by two processes at once: only one of them ends the meeting.
 * Returns early, with nothing lost, when `signal` aborts.
 */
export async function finishMeeting(
  deps: FinishDeps,
  { meetingId, signal }: { meetingId: number; signal: AbortSignal },
): Promise<void> {
  const { db, now, limits, pollMs = 250 } = deps;
  const patience = { lastReply: nothingHeard, answeringMs: 0, answeredAt: undefined as number | undefined, unended: 0 };
  while (!signal.aborted) {
    const meeting = await findMeetingById(db, meetingId);
    const runs = await listRuns(db, meetingId);
    if (!meeting || isTerminal(meeting.status) || runs.some((run) => run.ended_at === null)) return;
    // From here on the bot is not in the meeting, and the status says so.
    if (meeting.status === 'active') await leaveActive(deps, meeting, runs);
    const goneForMs = now().getTime() - endOf(runs, now()).getTime();
    // A collector that was away reads first what the sessions said meanwhile, their ends included.
    const caughtUp = patience.answeringMs >= Math.min(catchUpMs, limits.sessionEndMs);
    const force = goneForMs >= limits.sessionEndMs && caughtUp;
    const reply = await drain(deps, meetingId, force);
    const at = now().getTime();
    if (reply) {
      // Only time in which the collector answers counts: one that is being restarted must not cost the transcript.
      if (patience.answeredAt !== undefined) patience.answeringMs += at - patience.answeredAt;
      patience.lastReply = reply;
      if (!force) patience.unended = reply.open_sessions.length;
    }
    patience.answeredAt = reply ? at : undefined;
    if (reply?.drained) {
      return complete(deps, { meeting, runs, reply, incomplete: false, forcedSessions: force ? patience.unended : 0 });
    }
    if (patience.answeringMs >= limits.finishMs || (!reply && goneForMs >= limits.collectorDownMs)) {
      return complete(deps, {
        meeting,
        runs,
        reply: patience.lastReply,
        incomplete: true,
        forcedSessions: patience.unended,
      });
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
  }
}

async function leaveActive(deps: FinishDeps, meeting: MeetingRow, runs: BotRun[]): Promise<void> {
  const { completionReason, failureStage } = endingOf(meeting, runs.at(-1));
  await transitionMeeting(deps, {
    meetingId: meeting.id,
    to: 'stopping',
    source: 'finish',
    reason: completionReason ? reasonOf(meeting.data, completionReason) : undefined,
    set: { completion_reason: completionReason, failure_stage: failureStage },
  });
}

async function drain(
  { collector, logger }: FinishDeps,
  meetingId: number,
  force: boolean,
): Promise<DrainReply | undefined> {
  try {
    return await collector.drain(meetingId, { force });
  } catch (error) {
    if (!(error instanceof CollectorUnreachableError)) throw error;
    logger.warn({ ...errorFields(error), meeting_id: meetingId }, 'the finish barrier waits for the collector');
    return undefined;
  }
}

interface Completion {
  meeting: MeetingRow;
  runs: BotRun[];
  reply: DrainReply;
  incomplete: boolean;
  /** Sessions that never said that they ended: what they heard last may be missing. */
  forcedSessions: number;
}

async function complete(
  deps: FinishDeps,
  { meeting: seen, runs, reply, incomplete, forcedSessions }: Completion,
): Promise<void> {
  const meeting = (await findMeetingById(deps.db, seen.id)) ?? seen;
  const ending = endingOf(meeting, runs.at(-1));
  const empty = reply.segment_count === 0;
  const completionReason = ending.completionReason ?? (empty && !incomplete ? 'completed_empty' : 'meeting_ended');
  const heardSeconds = runs.reduce((sum, run) => sum + run.audio_seconds_heard, 0);
  const silent = ending.result === 'completed' && empty && wasActive(meeting);
  const done = await transitionMeeting(deps, {
    meetingId: meeting.id,
    to: ending.result,
    source: 'finish',
    reason: reasonOf(meeting.data, completionReason),
    set: {
      completion_reason: completionReason,
      failure_stage: ending.failureStage,
      end_time: endOf(runs, deps.now()),
    },
    data: {
      ...(silent ? emptyNote(heardSeconds) : {}),
      ...(incomplete ? { incomplete: true } : {}),
      ...(forcedSessions > 0 ? { sessions_without_end: forcedSessions } : {}),
    },
    within: async (tx, row) => {
      const data = finishedEvent(row, reply, incomplete);
      await enqueueWebhook(tx, { userId: row.user_id, type: 'meeting.finished', data });
    },
  });
  if (!done) return;
  const barrierMs = deps.now().getTime() - (done.end_time ?? deps.now()).getTime();
  deps.metrics.meetingFinished({ status: done.status, completionReason, incomplete, barrierMs });
  const fields = { meeting_id: done.id, status: done.status, completion_reason: completionReason };
  deps.logger.info({ ...fields, segment_count: reply.segment_count, incomplete }, 'meeting finished');
}

const finishedEvent = (row: MeetingRow, reply: DrainReply, incomplete: boolean): MeetingFinished => ({
  meeting_id: row.id,
  platform: row.platform,
  native_meeting_id: row.platform_specific_id,
  status: row.status,
  completion_reason: row.completion_reason,
  start_time: row.start_time?.toISOString() ?? null,
  end_time: row.end_time?.toISOString() ?? null,
  segment_count: reply.segment_count,
  checksum: reply.checksum,
  audio_seconds: reply.audio_seconds,
  incomplete,
});

/** When the last bot left. */
const endOf = (runs: BotRun[], fallback: Date): Date =>
  runs.reduce<Date | undefined>(
    (latest, { ended_at }) => (ended_at && (!latest || ended_at > latest) ? ended_at : latest),
    undefined,
  ) ?? fallback;
