import type { Db } from './client.ts';

/**
 * Keeps what was built for a database, such as a prepared query: to build the query of a read by key costs more than all
 * else about it. A transaction is a database of its own, and builds its own.
 */
export function builtOnce<T>(build: (db: Db) => T): (db: Db) => T {
  const known = new WeakMap<Db, T>();
  return (db) => {
    const built = known.get(db) ?? build(db);
    known.set(db, built);
    return built;
  };
}
