import { errorFields } from '@vexa/shared/logging';
import { findRun, listOpenRuns } from '../bots/bot-run-store.ts';
import { endRun } from '../bots/end-run.ts';
import { forgetAnswersBefore } from '../bots/idempotency-store.ts';
import { type FinishDeps, finishMeeting } from '../finish/finish-meeting.ts';
import { listLiveMeetingIds } from '../meetings/meeting-store.ts';
import type { BotExit, RunningBot } from '../runners/runner.ts';
import { type ReconcileDeps, reconcileMeeting } from './reconcile-meeting.ts';

export interface ReconcilerOptions {
  /** All but what the reconciler gives its own parts. */
  deps: Omit<ReconcileDeps, 'finish' | 'reconcile'> & FinishDeps;
  intervalMs: number;
}

export interface Reconciler extends AsyncDisposable {
  /** Looks at one meeting now; called after anything was learnt about it. */
  reconcile(meetingId: number): void;
  start(): void;
}

const maxAtOnce = 32;
const maxStepsAtOnce = 5;
const sweepEvery = 5;
// A bot that has reported its end gets this long to close its browser.
const orphanGraceMs = 15_000;
const idempotencyKeyMs = 24 * 3_600_000;

/**
 * Keeps rows and bots in agreement: looks at every live meeting each `intervalMs`, and at one right after something
 * happened to it. Bots that no open run names are ended. Disposal ends the work, not the bots.
 */
export function createReconciler({ deps, intervalMs }: ReconcilerOptions): Reconciler {
  const { db, runner, logger, now } = deps;
  const watchingSince = now();
  const abort = new AbortController();
  const busy = new Map<number, Promise<void>>();
  const again = new Set<number>();
  const finishing = new Map<number, Promise<void>>();
  const orphans = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let ticking: Promise<void> = Promise.resolve();
  let ticks = 0;

  const finish = (meetingId: number): void => {
    if (finishing.has(meetingId) || abort.signal.aborted) return;
    const done = finishMeeting(deps, { meetingId, signal: abort.signal })
      .catch((error: unknown) =>
        logger.error({ ...errorFields(error), meeting_id: meetingId }, 'finish barrier failed'),
      )
      .finally(() => finishing.delete(meetingId));
    finishing.set(meetingId, done);
  };

  const steps = async (meetingId: number, bots?: RunningBot[]): Promise<void> => {
    let known = bots;
    for (let step = 0; step < maxStepsAtOnce && !abort.signal.aborted; step++) {
      const running = byName(known ?? (await runner.list()));
      known = undefined;
      if (!(await reconcileMeeting(all, { meetingId, running, watchingSince }))) return;
    }
  };

  const look = (meetingId: number, bots?: RunningBot[]): void => {
    if (abort.signal.aborted) return;
    if (busy.has(meetingId)) return void again.add(meetingId);
    const done = steps(meetingId, bots)
      .catch((error: unknown) => logger.error({ ...errorFields(error), meeting_id: meetingId }, 'reconciling failed'))
      .finally(() => {
        busy.delete(meetingId);
        if (again.delete(meetingId)) look(meetingId);
      });
    busy.set(meetingId, done);
  };
  const all: ReconcileDeps = { ...deps, finish, reconcile: (meetingId) => look(meetingId) };

  const onExit = async ({ name, exitCode }: BotExit): Promise<void> => {
    const run = await findRun(db, { containerName: name });
    if (!run || run.ended_at) return;
    const tail = await runner.logs(name, { lines: 20 });
    logger.warn({ meeting_id: run.meeting_id, bot: name, exit_code: exitCode, tail }, 'bot exited without a report');
    await endRun(deps, { connectionId: run.connection_id, exitCode, loss: 'bot_crashed' });
    look(run.meeting_id);
  };

  const sweep = async (bots: RunningBot[]): Promise<void> => {
    const named = new Set((await listOpenRuns(db)).map((run) => run.container_name));
    const unnamed = bots.filter((bot) => !named.has(bot.name));
    for (const name of orphans.keys()) if (!unnamed.some((bot) => bot.name === name)) orphans.delete(name);
    for (const bot of unnamed) {
      const firstSeen = orphans.get(bot.name) ?? now().getTime();
      orphans.set(bot.name, firstSeen);
      if (now().getTime() - firstSeen < orphanGraceMs) continue;
      logger.warn({ bot: bot.name }, 'ending a bot that belongs to no meeting');
      await runner.stop(bot.id, { graceMs: 5_000 });
    }
    await forgetAnswersBefore(db, new Date(now().getTime() - idempotencyKeyMs));
  };

  const tick = async (): Promise<void> => {
    try {
      const meetingIds = await listLiveMeetingIds(db);
      const bots = await runner.list();
      for (const meetingId of meetingIds) {
        if (busy.size >= maxAtOnce) break; // the others have their turn at the next tick
        if (!busy.has(meetingId) && !finishing.has(meetingId)) look(meetingId, bots);
      }
      if (ticks++ % sweepEvery === 0) await sweep(bots);
    } catch (error) {
      logger.error(errorFields(error), 'reconciler could not look');
    }
  };

  const loop = async (): Promise<void> => {
    ticking = tick();
    await ticking;
    if (!abort.signal.aborted) timer = setTimeout(() => void loop(), intervalMs);
  };

  const exits = runner.onExit((exit) => {
    onExit(exit).catch((error: unknown) => logger.error(errorFields(error), 'bot exit not recorded'));
  });

  return {
    reconcile: (meetingId) => look(meetingId),
    start: () => void loop(),
    async [Symbol.asyncDispose]() {
      abort.abort();
      exits[Symbol.dispose]();
      clearTimeout(timer);
      await ticking;
      await Promise.all([...busy.values(), ...finishing.values()]);
    },
  };
}

const byName = (bots: RunningBot[]): Map<string, string> => new Map(bots.map((bot) => [bot.name, bot.id]));
