import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An event of the wholesaler as it came, with its signature. */
export interface TrappedEvent {
  headers: Record<string, string>;
  body: string;
}

/** Stands where the retailer's webhook route does, and keeps every event to itself. */
export async function startEventTrap(): Promise<{ url: string; events: TrappedEvent[] } & AsyncDisposable> {
  const events: TrappedEvent[] = [];
  const server = createServer(async (request, response) => {
    const names = ['content-type', 'webhook-id', 'webhook-timestamp', 'webhook-signature'];
    const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
    events.push({ headers, body: await text(request) });
    response.writeHead(202).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
