import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import { listRuns, setRunContainer } from '../bots/bot-run-store.ts';
import { endRun } from '../bots/end-run.ts';
import { requestStop, type StopBotDeps } from '../bots/stop-bot.ts';
import { findMeetingById } from '../meetings/meeting-store.ts';
import type { Runner } from '../runners/runner.ts';
import { nextStep, type Step } from './next-step.ts';
import { type ReplaceDeps, replaceBot } from './replace-bot.ts';

export interface ReconcileDeps extends Omit<ReplaceDeps, 'runner'>, StopBotDeps {
  runner: Runner;
  /** Starts the finish barrier of a meeting unless it runs already. */
  finish: (meetingId: number) => void;
}

const killGraceMs = 5_000;
const loggedTailLines = 20;

/**
 * Takes one meeting one step further. Every step is conditional on the rows it was decided from, so it does not
 * matter how often or by whom it is tried. Returns whether there may be another step to take at once.
 */
export async function reconcileMeeting(
  deps: ReconcileDeps,
  {
    meetingId,
    running,
    watchingSince,
  }: { meetingId: number; running: ReadonlyMap<string, string>; watchingSince: Date },
): Promise<boolean> {
  const meeting = await findMeetingById(deps.db, meetingId);
  if (!meeting || isTerminal(meeting.status)) return false;
  const runs = await listRuns(deps.db, meetingId);
  const step = nextStep({ meeting, runs, running, now: deps.now(), watchingSince }, deps.limits);
  if (step.do !== 'nothing' && step.do !== 'finish') {
    deps.logger.warn({ meeting_id: meetingId, status: meeting.status, step: step.do }, 'reconciling');
    deps.metrics.reconciled(step.do);
  }
  switch (step.do) {
    case 'nothing':
      return false;
    case 'adopt':
      await setRunContainer(deps.db, step.run.connection_id, step.containerId);
      return false;
    case 'end run':
      return endLostRun(deps, step);
    case 'give up':
      await giveUp(deps, step);
      return true;
    case 'ask to leave':
      await requestStop(deps, meeting, { source: 'reconciler', because: step.because });
      return false;
    case 'kill':
      await deps.runner.stop(step.containerId, { graceMs: killGraceMs });
      await endRun(deps, { connectionId: step.run.connection_id, exitCode: null });
      return true;
    case 'replace':
      await replaceBot(deps, meetingId);
      return false;
    case 'finish':
      deps.finish(meetingId);
      return false;
  }
}

async function endLostRun(deps: ReconcileDeps, step: Extract<Step, { do: 'end run' }>): Promise<boolean> {
  const { run, loss, containerId } = step;
  // The list we decided from may be older than the row.
  if (!containerId && (await deps.runner.find(run.container_name))) return false;
  const tail = await deps.runner.logs(run.container_name, { lines: loggedTailLines });
  deps.logger.warn({ meeting_id: run.meeting_id, bot: run.container_name, loss, tail }, 'bot gone without a word');
  await endRun(deps, { connectionId: run.connection_id, exitCode: null, loss });
  // One that hangs may come back to life: it must not be there beside its replacement.
  if (containerId) await deps.runner.stop(containerId, { graceMs: 0 });
  return true;
}

async function giveUp(deps: ReconcileDeps, step: Extract<Step, { do: 'give up' }>): Promise<void> {
  await endRun(deps, {
    connectionId: step.run.connection_id,
    exitCode: null,
    outcome: {
      result: 'failed',
      completionReason: step.completionReason,
      failureStage: undefined,
      reason: step.reason,
    },
  });
  await deps.runner.stop(step.containerId, { graceMs: killGraceMs });
}
