import type { CompletionReason, FailureStage, MeetingStatus } from '@vexa/shared/contracts/meeting';
import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import type { Db } from '@vexa/shared/db/client';
import { meetings } from '@vexa/wholesaler-database/schema';
import { eq, sql } from 'drizzle-orm';
import { lockMeeting } from '../meetings/meeting-store.ts';
import { findRun, listRuns, markEnded } from './bot-run-store.ts';

/** How a meeting will end, known before the finish barrier lets it end. */
export interface Outcome {
  result: 'completed' | 'failed';
  /** Undefined when nothing is known but that it is over. */
  completionReason: CompletionReason | undefined;
  failureStage: FailureStage | undefined;
  reason: string | undefined;
}

export interface RunEnd {
  connectionId: string;
  exitCode: number | null;
  /** Given by a bot that reported its end, or by a time-out. */
  outcome?: Outcome;
  /** Why a bot that reported nothing is considered gone; read when it is not replaced. */
  loss?: 'bot_crashed' | 'bot_lost';
}

/**
 * Notes that a run's bot is gone, and what that means for the meeting unless a stop or an earlier report has said it.
 * Safe to repeat. Returns false when the run is not the meeting's latest or the meeting is over: then nothing is
 * learnt about the meeting.
 */
export function endRun({ db, now }: { db: Db; now: () => Date }, end: RunEnd): Promise<boolean> {
  const { connectionId, exitCode, outcome, loss } = end;
  return db.transaction(async (tx) => {
    const run = await findRun(tx, { connectionId });
    const meeting = run && (await lockMeeting(tx, run.meeting_id));
    if (!meeting) return false;
    const latest = (await listRuns(tx, meeting.id)).at(-1);
    await markEnded(tx, connectionId, { at: now(), exitCode: outcome?.result === 'completed' ? 0 : exitCode });
    if (latest?.connection_id !== connectionId || isTerminal(meeting.status)) return false;
    const lossIsNews = loss && latest.ended_at === null && meeting.completion_reason === null;
    const noted = {
      ...(outcome?.reason ? { end_reason: outcome.reason } : {}),
      ...(lossIsNews ? { bot_failure: { reason: loss, exit_code: exitCode } } : {}),
    };
    const decides = outcome?.completionReason !== undefined && meeting.completion_reason === null;
    await tx
      .update(meetings)
      .set({
        ...(decides
          ? {
              completion_reason: outcome.completionReason ?? null,
              failure_stage: failureStage(outcome, meeting.status),
            }
          : {}),
        ...(meeting.completion_reason === null
          ? { data: sql`${meetings.data} || ${JSON.stringify(noted)}::jsonb` }
          : {}),
        updated_at: now(),
      })
      .where(eq(meetings.id, meeting.id));
    return true;
  });
}

const failureStage = (outcome: Outcome, status: MeetingStatus): FailureStage | null =>
  outcome.result === 'failed' ? (outcome.failureStage ?? stageOf(status)) : null;

/** How far a meeting in this status had come. */
export function stageOf(status: MeetingStatus): FailureStage {
  switch (status) {
    case 'requested':
    case 'joining':
      return status;
    case 'awaiting_admission':
    case 'needs_human_help':
      return 'awaiting_admission';
    default:
      return 'active';
  }
}
