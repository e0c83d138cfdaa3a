import { setTimeout as delay } from 'node:timers/promises';
import { connectDb, type DbConnection } from '@vexa/shared/db/client';
import { errorFields, type Logger } from '@vexa/shared/logging';

export interface Leadership extends AsyncDisposable {
  /** Whether this process leads, after it has tried to when nobody did. Never rejects. */
  lead(): Promise<boolean>;
  /** What the last `lead` said. */
  readonly leads: boolean;
}

const answerMs = 5_000;
/** Postgres asks the other end after 5 s without a word, three times, each 5 s after the other. */
const settings = {
  application_name: 'vexa-leadership',
  tcp_keepalives_idle: 5,
  tcp_keepalives_interval: 5,
  tcp_keepalives_count: 3,
};

/**
 * One of all bot-managers at a database leads: who holds an advisory lock, on a connection of its own. Postgres frees
 * the lock as soon as the process is gone, and 20 s after its machine is. A connection that was lost took the lock with
 * it, so each look asks for the lock anew: who has it already gets it again.
 */
export function createLeadership(databaseUrl: string, logger: Logger): Leadership {
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

  return {
    get leads() {
      return leads;
    },
    async lead() {
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
      return leads;
    },
    async [Symbol.asyncDispose]() {
      leads = false;
      await letGo();
    },
  };
}
