import postgres from 'postgres';

type Transaction = postgres.TransactionSql;
type Work = (sql: Transaction) => unknown;

/**
 * Lets a transaction whose connection is lost end as every other failed one does. The driver (3.4.9) would roll it back,
 * or run its next query, on the socket that is gone, and throws where nobody can catch it, which ends the process
 * (https://github.com/porsager/postgres/issues/1208). The server has rolled back by itself, and `begin` rejects by itself
 * once the socket is closed; all that is needed is to keep from writing.
 */
export function endLostTransactions(sql: postgres.Sql): void {
  const begin = sql.begin.bind(sql) as (...args: unknown[]) => Promise<unknown>;
  const guardedBegin = (...args: unknown[]): Promise<unknown> => {
    const work = args.pop() as Work;
    const loss: Loss = { error: undefined };
    const done = begin(...args, guarded(work, loss));
    done.catch((error: unknown) => {
      loss.error = error;
    });
    return done;
  };
  sql.begin = guardedBegin as typeof sql.begin;
}

interface Loss {
  error: unknown;
}

/** `work` with a transaction that refuses queries once its connection is lost, and that never ends then. */
function guarded(work: Work, loss: Loss): Work {
  return async (transaction) => {
    try {
      const result = await work(guardQueries(transaction, loss));
      if (loss.error === undefined) return result;
    } catch (error) {
      if (loss.error === undefined && !isLostConnection(error)) throw error;
    }
    // What called the driver is told by the driver; this only keeps it from writing more.
    return new Promise(() => {});
  };
}

function guardQueries(transaction: Transaction, loss: Loss): Transaction {
  const check = () => {
    if (loss.error !== undefined) throw loss.error;
  };
  return new Proxy(transaction, {
    apply(target, self, args) {
      check();
      return Reflect.apply(target, self, args);
    },
    get(target, name) {
      if (name === 'unsafe') {
        return (...args: Parameters<Transaction['unsafe']>) => {
          check();
          return target.unsafe(...args);
        };
      }
      if (name === 'savepoint') {
        return (...args: unknown[]) => {
          const work = args.pop() as Work;
          return Reflect.apply(target.savepoint, target, [...args, guarded(work, loss)]);
        };
      }
      return Reflect.get(target, name);
    },
  });
}

/** Whether the driver says of a query that its connection failed; drizzle wraps what the driver says. */
function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof postgres.PostgresError) return false;
  const isDriverError = 'query' in error && 'code' in error && /^(CONNECTION_|E[A-Z]+$)/.test(String(error.code));
  return isDriverError || isLostConnection(error.cause);
}
