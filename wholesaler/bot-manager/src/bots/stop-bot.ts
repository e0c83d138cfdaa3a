import type { CompletionReason } from '@vexa/shared/contracts/meeting';
import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import { errorFields, type Logger } from '@vexa/shared/logging';
import { meetings } from '@vexa/wholesaler-database/schema';
import { sql } from 'drizzle-orm';
import { reasonText } from '../meetings/completion-reasons.ts';
import { requireMeeting } from '../meetings/get-meeting.ts';
import type { MeetingRef, MeetingRow } from '../meetings/meeting-store.ts';
import { type TransitionDeps, transitionMeeting } from '../meetings/transition.ts';
import type { BotCommands } from './bot-commands.ts';
import { listRuns } from './bot-run-store.ts';

export interface StopBotDeps extends TransitionDeps {
  commands: BotCommands;
  logger: Logger;
  reconcile: (meetingId: number) => void;
}

/** Makes the bot of the latest meeting leave; safe to repeat. Throws `not_found`. */
export async function stopBot(deps: StopBotDeps, ref: MeetingRef): Promise<'stopping' | 'already over'> {
  const meeting = await requireMeeting(deps.db, ref);
  if (isTerminal(meeting.status)) return 'already over';
  await requestStop(deps, meeting, { source: 'user' });
  return 'stopping';
}

/**
 * Turns a live meeting to `stopping` and tells its bot to leave. Should the message be lost, the answer to the bot's
 * next callback says it again, and the reconciler ends a bot that does not listen.
 */
export async function requestStop(
  deps: StopBotDeps,
  meeting: MeetingRow,
  { source, because }: { source: string; because?: CompletionReason },
): Promise<void> {
  const stopped: CompletionReason = 'stopped';
  const early: CompletionReason = 'stopped_before_admission';
  const wanted = because ?? (meeting.status === 'active' ? stopped : early);
  await transitionMeeting(deps, {
    meetingId: meeting.id,
    to: 'stopping',
    source,
    reason: reasonText[wanted],
    set: {
      // What the row says at that moment decides: the bot may have been let in since we read it.
      completion_reason: because
        ? sql`coalesce(${meetings.completion_reason}, ${because})`
        : sql`coalesce(${meetings.completion_reason}, case when ${meetings.status} = 'active' then ${stopped} else ${early} end)`,
    },
  });
  for (const run of await listRuns(deps.db, meeting.id)) {
    if (run.ended_at) continue;
    // Not awaited: with Redis away the caller would wait for nothing.
    deps.commands.send(run.connection_id, { action: 'leave' }).catch((error: unknown) => {
      deps.logger.warn({ ...errorFields(error), meeting_id: meeting.id }, 'leave command not published');
    });
  }
  deps.reconcile(meeting.id);
}
