import type { CompletionReason, FailureStage, MeetingStatus } from '@vexa/shared/contracts/meeting';
import type { BotRun } from '../bots/bot-run-store.ts';
import { stageOf } from '../bots/end-run.ts';
import { reasonText } from '../meetings/completion-reasons.ts';
import type { MeetingRow } from '../meetings/meeting-store.ts';

export interface Ending {
  result: 'completed' | 'failed';
  /** Null: it just ended, and the transcript tells whether anything was said. */
  completionReason: CompletionReason | null;
  failureStage: FailureStage | null;
}

// sysexits-like agreement with the bot: it refused its configuration.
const badConfigExitCode = 2;

type Facts = Pick<MeetingRow, 'completion_reason' | 'failure_stage' | 'status'> & { data: Record<string, unknown> };

/** Whether a stop, a bot's report or a time-out has said how the meeting ends, so that nobody replaces its bot. */
export const isDecided = (
  meeting: Pick<MeetingRow, 'completion_reason'>,
  last: Pick<BotRun, 'exit_code'> | undefined,
) => meeting.completion_reason !== null || last?.exit_code === 0 || last?.exit_code === badConfigExitCode;

/** How a meeting ends whose bots are all gone. */
export function endingOf(meeting: Facts, last: Pick<BotRun, 'exit_code'> | undefined): Ending {
  const { completion_reason: completionReason, failure_stage: failureStage } = meeting;
  if (completionReason) return { result: failureStage ? 'failed' : 'completed', completionReason, failureStage };
  if (last?.exit_code === 0) return { result: 'completed', completionReason: null, failureStage: null };
  const lost = lossOf(meeting.data);
  const crash = last?.exit_code === badConfigExitCode ? 'validation_error' : lost;
  return { result: 'failed', completionReason: crash, failureStage: stageOf(meeting.status) };
}

/** The sentence for the history. */
export function reasonOf(data: Record<string, unknown>, completionReason: CompletionReason): string {
  return typeof data.end_reason === 'string' ? data.end_reason : reasonText[completionReason];
}

function lossOf(data: Record<string, unknown>): CompletionReason {
  const failure = data.bot_failure;
  const lost = typeof failure === 'object' && failure !== null && 'reason' in failure && failure.reason === 'bot_lost';
  return lost ? 'bot_lost' : 'bot_crashed';
}

/** What a finished meeting adds to its data when nothing was said. */
export const emptyNote = (audioSecondsHeard: number): Record<string, unknown> => ({
  completed_empty: { audio_seconds_heard: audioSecondsHeard },
});

export const wasActive = (meeting: { start_time: Date | null; status: MeetingStatus }): boolean =>
  meeting.start_time !== null;
