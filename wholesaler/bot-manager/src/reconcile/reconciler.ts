import { forgetAnswersBefore } from '@vexa/shared/idempotency/answer-store';
import { errorFields } from '@vexa/shared/logging';
import { type FinishDeps, finishMeeting } from '../finish/finish-meeting.ts';
import { listLiveMeetingIds } from '../meetings/meeting-store.ts';
import type { PurgeDeps } from '../meetings/purge-meeting.ts';
import type { RunningBot } from '../runners/runner.ts';
import { createOrphanSweep } from './end-orphans.ts';
import { eraseDeletedUsers } from './erase-users.ts';
import type { Leadership } from './leadership.ts';
import { type ReconcileDeps, reconcileMeeting } from './reconcile-meeting.ts';
import { recordExit } from './record-exit.ts';

type Deps = Omit<ReconcileDeps, 'finish' | 'reconcile'> & FinishDeps & PurgeDeps;

export interface ReconcilerOptions {
  leadership: Pick<Leadership, 'leads'>;
  /** All but what the reconciler gives its own parts. */
  deps: Deps;
  intervalMs: number;
}

export interface Reconciler extends AsyncDisposable {
  /** Looks at one meeting now; called after anything was learnt about it. */
  reconcile(meetingId: number): void;
  start(): void;
}

const atOnce = 8;
const maxStepsAtOnce = 5;
const ticksPerSweep = 5;
const idempotencyKeyMs = 24 * 3_600_000;

/**
 * Keeps rows and bots in agreement: looks at one meeting right after something was learnt about it here, and, in the
 * process that leads, at every live meeting each `intervalMs`. There, bots that no open run names are ended. Disposal
 * ends the work, not the bots.
 */
export function createReconciler({ deps, leadership, intervalMs }: ReconcilerOptions): Reconciler {
  const { db, runner, logger, now } = deps;
  const abort = new AbortController();
  const watch = watchMeetings(deps, abort.signal);
  const endOrphans = createOrphanSweep(deps);
  let timer: NodeJS.Timeout | undefined;
  let ticking: Promise<void> = Promise.resolve();
  let ticks = 0;

  const tick = async (): Promise<void> => {
    try {
      if (!leadership.leads) return;
      const meetingIds = await listLiveMeetingIds(db);
      const bots = await runner.list();
      await watch.lookAtAll(meetingIds, bots);
      if (ticks++ % ticksPerSweep !== 0) return;
      await endOrphans(bots);
      await forgetAnswersBefore(db, new Date(now().getTime() - idempotencyKeyMs));
      await eraseDeletedUsers(deps);
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
    recordExit(deps, exit)
      .then((meetingId) => meetingId !== undefined && watch.look(meetingId))
      .catch((error: unknown) => logger.error(errorFields(error), 'bot exit not recorded'));
  });

  return {
    reconcile: (meetingId) => watch.look(meetingId),
    start: () => void loop(),
    async [Symbol.asyncDispose]() {
      abort.abort();
      exits[Symbol.dispose]();
      clearTimeout(timer);
      await ticking;
      await watch.idle();
    },
  };
}

/** Takes steps of many meetings side by side, and of each one after the other. */
function watchMeetings(deps: Deps, signal: AbortSignal) {
  const { logger, runner, now } = deps;
  const watchingSince = now();
  const busy = new Map<number, Promise<void>>();
  const again = new Set<number>();
  const finishing = new Map<number, Promise<void>>();

  const finish = (meetingId: number): void => {
    if (finishing.has(meetingId) || signal.aborted) return;
    const done = finishMeeting(deps, { meetingId, signal })
      .catch((error: unknown) =>
        logger.error({ ...errorFields(error), meeting_id: meetingId }, 'finish barrier failed'),
      )
      .finally(() => finishing.delete(meetingId));
    finishing.set(meetingId, done);
  };

  const steps = async (meetingId: number, bots?: RunningBot[]): Promise<void> => {
    let known = bots;
    for (let step = 0; step < maxStepsAtOnce && !signal.aborted; step++) {
      const running = byName(known ?? (await runner.list()));
      known = undefined;
      const more = await reconcileMeeting({ ...deps, finish, reconcile: look }, { meetingId, running, watchingSince });
      if (!more) return;
    }
  };

  function look(meetingId: number, bots?: RunningBot[]): void {
    if (signal.aborted) return;
    if (busy.has(meetingId)) return void again.add(meetingId);
    const done = steps(meetingId, bots)
      .catch((error: unknown) => logger.error({ ...errorFields(error), meeting_id: meetingId }, 'reconciling failed'))
      .finally(() => {
        busy.delete(meetingId);
        if (again.delete(meetingId)) look(meetingId);
      });
    busy.set(meetingId, done);
  }

  return {
    look: (meetingId: number) => look(meetingId),
    /** A few at once, until each had its turn. */
    async lookAtAll(meetingIds: number[], bots: RunningBot[]): Promise<void> {
      const left = meetingIds.values();
      const worker = async (): Promise<void> => {
        for (const meetingId of left) {
          if (signal.aborted) return;
          if (busy.has(meetingId) || finishing.has(meetingId)) continue;
          look(meetingId, bots);
          await busy.get(meetingId);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, worker));
    },
    idle: () => Promise.all([...busy.values(), ...finishing.values()]),
  };
}

const byName = (bots: RunningBot[]): Map<string, string> => new Map(bots.map((bot) => [bot.name, bot.id]));
