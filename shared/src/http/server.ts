import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';

export interface HttpServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, with the port really bound. */
  readonly url: string;
  readonly server: Server;
}

interface App {
  fetch: (request: Request, ...rest: never[]) => Response | Promise<Response>;
}

const drainMs = 5_000;

/** Binds an app; port 0 takes a free one. Disposal stops accepting, drains for 5 s, then cuts what is left. */
export async function listen(app: App, { port, host }: { port: number; host: string }): Promise<HttpServer> {
  const server = serve({ fetch: app.fetch as (request: Request) => Response, port, hostname: host }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    server,
    async [Symbol.asyncDispose]() {
      const cut = setTimeout(() => server.closeAllConnections(), drainMs);
      await new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeIdleConnections();
      });
      clearTimeout(cut);
    },
  };
}
