import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { connectDb, type DbConnection } from '../../src/db/client.ts';
import { migrateDatabase } from '../../src/db/migrate.ts';
import { type LocalPostgres, startPostgres } from '../../src/local/postgres.ts';

// Both products have these tables; the wholesaler's migrations bring them here.
const migrations = fileURLToPath(new URL('../../../wholesaler/database/migrations', import.meta.url));

/** A real database of this test file. */
export function useDatabase(): { readonly connection: DbConnection; readonly url: string } {
  let server: LocalPostgres;
  let connection: DbConnection;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase('webhooks');
    await migrateDatabase(url, migrations);
    connection = connectDb(url);
  });
  afterAll(async () => {
    await connection?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });
  return {
    get connection() {
      return connection;
    },
    get url() {
      return url;
    },
  };
}

export interface Received {
  headers: Record<string, string | undefined>;
  body: string;
}

export interface Receiver extends AsyncDisposable {
  url: string;
  host: string;
  received: Received[];
}

type Answer = (response: ServerResponse, request: IncomingMessage, count: number) => void;

/** A real HTTP server that keeps what it was sent. */
export async function startReceiver(answer: Answer = (response) => response.writeHead(204).end()): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    received.push({ headers: request.headers as Record<string, string>, body });
    answer(response, request, received.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}/hook`,
    host,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
