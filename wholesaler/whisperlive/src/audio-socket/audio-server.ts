import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorFields, type Logger } from '@vexa/shared/logging';
import { type WebSocket, WebSocketServer } from 'ws';

export interface AudioServer extends AsyncDisposable {
  /** `ws://127.0.0.1:<port>`, with the port really bound. */
  readonly url: string;
  readonly connections: number;
  /** Lets nobody in any more; who is there stays. A balancer finds the port closed and tries another server. */
  stopAccepting(): void;
}

interface AudioServerOptions {
  host: string;
  port: number;
  logger: Logger;
  serve: (socket: WebSocket) => Promise<void>;
}

const maxMessageBytes = 2 * 1024 * 1024;
/** Bots take a server that is not heard of for two and a half of these for lost. */
const pingEveryMs = 10_000;
const mostUnanswered = 5;

/** Accepts audio connections at any path. Disposal stops accepting and waits until every session is published. */
export async function startAudioServer({ host, port, logger, serve }: AudioServerOptions): Promise<AudioServer> {
  const http = createServer((_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain' }).end('This port speaks WebSocket only.\n');
  });
  const server = new WebSocketServer({ server: http, maxPayload: maxMessageBytes, perMessageDeflate: false });
  const sessions = new Set<Promise<void>>();
  server.on('connection', (socket) => {
    socket.on('error', (error) => logger.warn(errorFields(error), 'audio connection trouble'));
    const stopPinging = keepAlive(socket);
    const session = serve(socket)
      .catch((error: unknown) => {
        logger.error(errorFields(error), 'audio session failed');
        socket.close(1011);
      })
      .finally(() => {
        stopPinging();
        sessions.delete(session);
      });
    sessions.add(session);
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, resolve);
  });
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    get connections() {
      return sessions.size;
    },
    stopAccepting: () => void http.close(),
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      http.close();
      await Promise.all(sessions);
      for (const socket of server.clients) socket.terminate();
      await closed;
    },
  };
}

/** Tells the other side that somebody is here, and ends connections where that was not answered for a minute. */
function keepAlive(socket: WebSocket): () => void {
  let unanswered = 0;
  socket.on('pong', () => {
    unanswered = 0;
  });
  const timer = setInterval(() => {
    if (unanswered >= mostUnanswered) socket.terminate();
    // Nothing is read from a paused socket, answers neither.
    if (!socket.isPaused) unanswered += 1;
    socket.ping();
  }, pingEveryMs);
  return () => clearInterval(timer);
}
