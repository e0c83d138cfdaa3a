import type { Db } from '@vexa/shared/db/client';
import type { Logger } from '@vexa/shared/logging';
import { findRun } from '../bots/bot-run-store.ts';
import { endRun, type RunEnd } from '../bots/end-run.ts';
import type { BotExit, Runner } from '../runners/runner.ts';

interface ExitDeps {
  db: Db;
  runner: Pick<Runner, 'logs'>;
  logger: Logger;
  now: () => Date;
}

/** Notes the exit of a bot that did not report its end. Returns the meeting it was in, if there is something to do. */
export async function recordExit(deps: ExitDeps, exit: BotExit): Promise<number | undefined> {
  const { name, exitCode, neverRan } = exit;
  const run = await findRun(deps.db, { containerName: name });
  if (!run || run.ended_at) return undefined;
  const meaning: Pick<RunEnd, 'outcome' | 'loss'> = neverRan
    ? { outcome: { result: 'failed', completionReason: 'join_failure', failureStage: undefined, reason: neverRan } }
    : { loss: 'bot_crashed' };
  // Before the log is read, which may take long: who only misses the bot does not know its exit code.
  await endRun(deps, { connectionId: run.connection_id, exitCode, ...meaning });
  const tail = await deps.runner.logs(name, { lines: 20 });
  const fields = { meeting_id: run.meeting_id, bot: name, exit_code: exitCode, never_ran: neverRan, tail };
  deps.logger.warn(fields, 'bot exited without a report');
  return run.meeting_id;
}
