import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An event of the wholesaler as it came, with its signature. */
export interface TrappedEvent {
  headers: Record<string, string>;
  body: string;
}

export interface EventTrap extends AsyncDisposable {
  url: string;
  events: TrappedEvent[];
  /** Where events go on to; they are kept back while it is undefined. */
  forwardTo: string | undefined;
}

/** What the wholesaler believes to be the retailer: listens before there is one, and lives on when one is killed. */
export async function startEventTrap(): Promise<EventTrap> {
  const events: TrappedEvent[] = [];
  const server = createServer(async (request, response) => {
    const names = ['content-type', 'webhook-id', 'webhook-timestamp', 'webhook-signature'];
    const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
    const event = { headers, body: await text(request) };
    events.push(event);
    const { forwardTo } = trap;
    const answered = forwardTo && fetch(`${forwardTo}${request.url}`, { method: 'POST', ...event });
    const status = answered
      ? await answered.then(
          (answer) => answer.status,
          () => 502,
        )
      : 202;
    response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const trap: EventTrap = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events,
    forwardTo: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return trap;
}
