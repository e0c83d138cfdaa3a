import { setTimeout as delay } from 'node:timers/promises';
import { connectDb, type DbConnection } from '@vexa/shared/db/client';
import { errorFields, type Logger } from '@vexa/shared/logging';

export interface Leadership extends AsyncDisposable {
  readonly leads: boolean;
}

const longestEveryMs = 2_000;
const answerMs = 5_000;
/** Postgres ends the session, and with it the lock, of whoever says nothing for so long: dead, hung or out of reach. */
const silentMs = 10_000;
const settings = { application_name: 'vexa-leadership', idle_session_timeout: silentMs };

/**
 * One of all bot-managers at a database leads: who holds an advisory lock, on a connection of its own. The lock is free
 * as soon as the process is gone, and after 10 s of silence. A connection that was lost took the lock with it, so each
 * look, every `everyMs` or 2 s, asks for the lock anew: who has it already gets it again. Resolves after the first.
 */
export async function startLeadership(
  databaseUrl: string,
  { everyMs, logger }: { everyMs: number; logger: Logger },
): Promise<Leadership> {
  const stopping = new AbortController();
  let connection: DbConnection | undefined;
  let leads = false;

  const ask = async (): Promise<boolean> => {
    connection ??= connectDb(databaseUrl, { max: 1, settings });
    const asked = connection.sql`select pg_try_advisory_lock(hashtextextended('vexa:reconciler', 0)) as locked`;
    const late = delay(answerMs, undefined, { ref: false }).then(() => Promise.reject(new Error('no answer in time')));
    const [row] = await Promise.race([asked, late]);
    return row?.locked === true;
  };
  const letGo = async (): Promise<void> => {
    const lost = connection;
    connection = undefined;
    await lost?.[Symbol.asyncDispose]();
  };
  const look = async (): Promise<void> => {
    const before = leads;
    try {
      leads = await ask();
    } catch (error) {
      leads = false;
      logger.warn(errorFields(error), 'leadership is not known; looking again');
      // Not waited for: closing what does not answer takes its time.
      letGo().catch((reason: unknown) => logger.warn(errorFields(reason), 'a lost connection could not be closed'));
    }
    if (leads !== before) logger.info({ leads }, leads ? 'leads the reconciliation' : 'leads no longer');
  };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const ms = Math.min(everyMs, longestEveryMs);
      await delay(ms, undefined, { signal: stopping.signal }).catch(() => undefined); // told to stop while waiting
      if (!stopping.signal.aborted) await look();
    }
  };

  await look();
  const done = loop();
  return {
    get leads() {
      return leads;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await done;
      leads = false;
      await letGo();
    },
  };
}
