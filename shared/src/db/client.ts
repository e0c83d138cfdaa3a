import type { PgDatabase } from 'drizzle-orm/pg-core';
import { drizzle, type PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { endLostTransactions } from './lost-connection.ts';

export type Sql = postgres.Sql;

/** A database or an open transaction on it: verbs that write take this, so callers choose the transaction. */
export type Db = PgDatabase<PostgresJsQueryResultHKT>;

export interface DbConnection extends AsyncDisposable {
  readonly db: Db;
  readonly sql: Sql;
}

interface PoolOptions {
  max?: number;
  /** Settings of Postgres for each connection. */
  settings?: Record<string, string | number>;
}

/**
 * A pool of at most `max` connections, which come back by themselves (waits 50 ms to 2 s between tries); a query that runs
 * over 30 s is ended by the server.
 */
export function connectDb(url: string, { max = 10, settings = {} }: PoolOptions = {}): DbConnection {
  const sql = postgres(url, {
    max,
    onnotice: () => {},
    connect_timeout: 10,
    // The driver's own would wait up to 20 s, as it counts each connection of the pool that was lost as a try.
    backoff: (tries) => Math.min(0.05 * 2 ** tries, 2),
    connection: { statement_timeout: 30_000, application_name: 'vexa', ...settings },
  });
  endLostTransactions(sql);
  return {
    db: drizzle(sql),
    sql,
    [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }),
  };
}
