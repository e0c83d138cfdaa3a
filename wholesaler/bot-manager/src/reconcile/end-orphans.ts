import type { Db } from '@vexa/shared/db/client';
import { errorFields, type Logger } from '@vexa/shared/logging';
import { listOpenRuns } from '../bots/bot-run-store.ts';
import type { Runner, RunningBot } from '../runners/runner.ts';

interface OrphanDeps {
  db: Db;
  runner: Pick<Runner, 'stop'>;
  logger: Logger;
  now: () => Date;
}

// A bot that has reported its end gets this long to close its browser.
const graceMs = 15_000;
const killGraceMs = 5_000;

/** Returns a sweep that ends bots which no open run has named for 15 s; `bots` is what runs now. */
export function createOrphanSweep({ db, runner, logger, now }: OrphanDeps): (bots: RunningBot[]) => Promise<void> {
  let firstSeen = new Map<string, number>();
  return async (bots) => {
    const named = new Set((await listOpenRuns(db)).map((run) => run.container_name));
    const unnamed = bots.filter((bot) => !named.has(bot.name));
    const at = now().getTime();
    firstSeen = new Map(unnamed.map(({ name }) => [name, firstSeen.get(name) ?? at]));
    for (const { id, name } of unnamed) {
      if (at - (firstSeen.get(name) ?? at) < graceMs) continue;
      logger.warn({ bot: name }, 'ending a bot that belongs to no meeting');
      await runner.stop(id, { graceMs: killGraceMs }).catch((error: unknown) => {
        // One that cannot be ended now is seen again, and must not keep the others.
        logger.error({ ...errorFields(error), bot: name }, 'a bot that belongs to no meeting does not end');
      });
    }
  };
}
