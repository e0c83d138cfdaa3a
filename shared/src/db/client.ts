import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';

export type Sql = postgres.Sql;

export interface Db<S extends Record<string, unknown>> extends AsyncDisposable {
  readonly db: PostgresJsDatabase<S>;
  readonly sql: Sql;
}

/** A pool of at most `max` connections; a query that runs over 30 s is ended by the server. */
export function connectDb<S extends Record<string, unknown>>(url: string, schema: S, { max = 10 } = {}): Db<S> {
  const sql = postgres(url, {
    max,
    onnotice: () => {},
    connect_timeout: 10,
    connection: { statement_timeout: 30_000, application_name: 'vexa' },
  });
  return {
    db: drizzle(sql, { schema }),
    sql,
    [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }),
  };
}
