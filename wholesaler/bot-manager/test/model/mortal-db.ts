import type { Db } from '@vexa/shared/db/client';
import { drizzle } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';

/** The process is dead: nothing it wanted to do after this moment happens. */
export class ProcessDied extends Error {
  override name = 'ProcessDied';
}

/** How much longer a process lives, counted in what it asks of others. */
export class Life {
  #left: number;

  constructor(steps = Number.POSITIVE_INFINITY) {
    this.#left = steps;
  }

  /** Throws once the process is dead. */
  step(): void {
    if (this.#left <= 0) throw new ProcessDied('killed');
    this.#left -= 1;
  }
}

/** A database as a process sees it that may be killed between any two statements; an open transaction is rolled back. */
export const mortalDb = (sql: Sql, life: Life): Db => drizzle(mortal(sql, life));

function mortal<S extends object>(sql: S, life: Life): S {
  return new Proxy(sql, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      if (key === 'unsafe') {
        return (...args: unknown[]) => {
          life.step();
          return Reflect.apply(value, target, args);
        };
      }
      if (key === 'begin' || key === 'savepoint') {
        return async (work: (inner: object) => Promise<unknown>) => {
          life.step();
          const result: unknown = await Reflect.apply(value, target, [(inner: object) => work(mortal(inner, life))]);
          // Committed, and killed before it knew.
          life.step();
          return result;
        };
      }
      return value;
    },
  });
}
