import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDb, type Db, type DbConnection } from '../src/db/client.ts';
import { type LocalPostgres, startPostgres } from '../src/local/postgres.ts';
import { waitFor } from '../src/testing/wait-for.ts';

let server: LocalPostgres;
let connection: DbConnection;
const sockets = new Set<Socket>();
/** Between the pool and the server, so that connections can be cut at a chosen moment. */
const wire = createServer((client) => {
  const { hostname, port } = new URL(target);
  const upstream = connect(Number(port), hostname);
  for (const socket of [client, upstream]) {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  }
  client.pipe(upstream).pipe(client);
});
let target: string;

beforeAll(async () => {
  server = await startPostgres();
  target = await server.createDatabase('lost');
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  const url = new URL(target);
  url.port = String((wire.address() as AddressInfo).port);
  url.hostname = '127.0.0.1';
  connection = connectDb(url.href, { max: 2 });
  await connection.db.execute(sql`create table t (n int)`);
});
afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  wire.close();
  await server?.[Symbol.asyncDispose]();
});

const cut = (how: 'destroy' | 'resetAndDestroy') => {
  for (const socket of sockets) socket[how]();
};
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a transaction does when its connection is cut. */
const moments: Record<string, (tx: Db, how: 'destroy' | 'resetAndDestroy') => Promise<unknown>> = {
  'during a query': async (tx, how) => {
    const query = tx.execute(sql`select pg_sleep(0.2)`);
    setTimeout(cut, 20, how);
    await query;
  },
  'between two queries': async (tx, how) => {
    await tx.execute(sql`insert into t values (1)`);
    cut(how);
    await later(50);
    await tx.execute(sql`insert into t values (2)`);
  },
  'before its end': async (tx, how) => {
    await tx.execute(sql`insert into t values (3)`);
    cut(how);
    await later(50);
  },
  'before it gives up': async (tx, how) => {
    await tx.execute(sql`insert into t values (4)`);
    cut(how);
    await later(50);
    throw new Error('no more');
  },
  'in a savepoint': async (tx, how) => {
    await tx.transaction(async (inner) => {
      await inner.execute(sql`insert into t values (5)`);
      cut(how);
      await later(50);
      await inner.execute(sql`insert into t values (6)`);
    });
  },
  'though it goes on after an error': async (tx, how) => {
    cut(how);
    await tx.execute(sql`select 1`).catch(() => undefined);
    await tx.execute(sql`select 2`);
  },
};

test.each(Object.entries(moments))('a transaction cut off %s fails, and nothing else does', async (_, work) => {
  for (const how of ['destroy', 'resetAndDestroy', 'destroy'] as const) {
    await expect(connection.db.transaction((tx) => work(tx, how))).rejects.toThrow();
    const rows = await waitFor('the database', () =>
      connection.db.execute(sql`select * from t`).catch(() => undefined),
    );
    expect(rows).toEqual([]);
  }
});

test('a transaction that ends well, or gives up, is as it was', async () => {
  await expect(
    connection.db.transaction(async (tx) => {
      await tx.execute(sql`insert into t values (1)`);
      throw Object.assign(new Error('a neighbour is away'), { code: 'ECONNRESET' });
    }),
  ).rejects.toThrow('a neighbour is away');
  await connection.db.transaction(async (tx) => {
    await tx.transaction((inner) => inner.execute(sql`insert into t values (7)`));
    await tx.transaction((inner) => inner.execute(sql`select 1/0`)).catch(() => undefined);
  });
  await connection.sql.begin('isolation level serializable', (tx) => tx`update t set n = 8`);
  expect(await connection.sql`select n from t`).toMatchObject([{ n: 8 }]);
});

test('a pool tries again within 2 s, however many of its connections were lost at once', () => {
  const { backoff } = connection.sql.options;
  if (typeof backoff !== 'function') throw new Error('the driver waits as it likes');
  for (let tries = 0; tries < 100; tries++) expect(backoff(tries)).toBeLessThanOrEqual(2);
});
