import type { SessionClaims } from '@vexa/shared/auth/session-token';
import type { BotCallback, BotCallbackReply } from '@vexa/shared/contracts/bot';
import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import { ServiceError } from '@vexa/shared/errors';
import { findMeetingById, type MeetingRow } from '../meetings/meeting-store.ts';
import { type TransitionDeps, transitionMeeting } from '../meetings/transition.ts';
import { type BotRun, findRun, listRuns, markSeen } from './bot-run-store.ts';
import { endRun } from './end-run.ts';

export interface RecordCallbackDeps extends TransitionDeps {
  reconcile: (meetingId: number) => void;
}

/**
 * Takes one report of a bot; the same report again changes nothing. A report that no longer applies is `ignored`,
 * and `command: leave` tells a bot that should not be there. Throws `forbidden` for a token of another bot.
 */
export async function recordCallback(
  deps: RecordCallbackDeps,
  { claims, callback }: { claims: SessionClaims; callback: BotCallback },
): Promise<BotCallbackReply> {
  if (callback.connection_id !== claims.connection_id) {
    throw new ServiceError('forbidden', 'The session token belongs to another bot.');
  }
  const run = await findRun(deps.db, { connectionId: claims.connection_id });
  const meeting = run && (await findMeetingById(deps.db, run.meeting_id));
  if (!run || !meeting) return { status: 'ignored', command: 'leave' };
  await markSeen(deps.db, run.connection_id, {
    at: deps.now(),
    audioSecondsHeard: callback.audio_seconds_heard ?? 0,
  });
  if (callback.status === 'completed' || callback.status === 'failed') return recordEnd(deps, run, callback);
  if (run.ended_at || isTerminal(meeting.status)) return { status: 'ignored', command: 'leave' };
  const processed = callback.status === 'heartbeat' || (await recordProgress(deps, meeting, callback));
  const current = (await findMeetingById(deps.db, meeting.id)) ?? meeting;
  const leave = current.status === 'stopping' || isTerminal(current.status);
  const status = processed && !(leave && callback.status !== 'heartbeat') ? 'processed' : 'ignored';
  return leave ? { status, command: 'leave' } : { status };
}

/** Whether the meeting is where the bot says that it is. */
async function recordProgress(deps: RecordCallbackDeps, meeting: MeetingRow, callback: BotCallback): Promise<boolean> {
  const to = callback.status;
  if (to === 'heartbeat' || to === 'completed' || to === 'failed') return true;
  if (meeting.status === to) return true;
  const reason = callback.reason ?? undefined;
  return (await transitionMeeting(deps, { meetingId: meeting.id, to, source: 'bot', reason })) !== undefined;
}

async function recordEnd(deps: RecordCallbackDeps, run: BotRun, callback: BotCallback): Promise<BotCallbackReply> {
  const meeting = await findMeetingById(deps.db, run.meeting_id);
  const failed = callback.status === 'failed';
  // A bot that noticed its own crash is as good as one that did not: it may be replaced.
  const crashed =
    failed && meeting?.status === 'active' && (callback.completion_reason ?? 'bot_crashed') === 'bot_crashed';
  const exitCode = callback.exit_code ?? (failed ? 1 : 0);
  const learnt = await endRun(deps, {
    connectionId: run.connection_id,
    exitCode: crashed && exitCode === 0 ? 1 : exitCode,
    ...(crashed
      ? { loss: 'bot_crashed' }
      : {
          outcome: {
            result: failed ? 'failed' : 'completed',
            completionReason: callback.completion_reason ?? (failed ? 'join_failure' : undefined),
            failureStage: callback.failure_stage ?? undefined,
            reason: callback.reason ?? undefined,
          },
        }),
  });
  deps.reconcile(run.meeting_id);
  const latest = (await listRuns(deps.db, run.meeting_id)).at(-1);
  return { status: learnt && latest?.connection_id === run.connection_id ? 'processed' : 'ignored' };
}
