import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { liveKeyOf } from '../auth/api-key.ts';
import { type Metrics, watchGauge } from '../http/metrics.ts';
import { errorFields, type Logger } from '../logging.ts';
import { serializeFrame } from './bounded-sender.ts';
import { type LiveSource, serveLiveSocket } from './live-socket.ts';

/** What a key opens on `/ws`. */
export interface LiveAccess<Key> extends LiveSource<Key> {
  userId: number;
  /** False once the key was revoked or expired. Rejects when that cannot be known now. */
  isStillValid(): Promise<boolean>;
}

export interface LiveServerDeps<Key> {
  logger: Logger;
  /** Undefined for a key nobody has. Rejects when that cannot be known now. */
  open(apiKey: string, request: IncomingMessage): Promise<LiveAccess<Key> | undefined>;
  maxSockets?: number;
  /** Of one user, so that nobody takes the places of the others. */
  maxSocketsPerUser?: number;
  maxBufferedBytes?: number;
  pingEveryMs?: number;
}

export interface LiveServer extends AsyncDisposable {
  /** Open sockets. */
  readonly size: number;
  /** Closes the sockets of a user whose key no longer opens anything. */
  recheck(userId: number): Promise<void>;
  /** Makes every client connect anew and read again, because frames may have been lost on the way to us. */
  restart(): void;
}

const path = '/ws';
const maxFrameBytes = 64 * 1024;
const closing = { goingAway: 1001, restart: 1012, tryAgainLater: 1013, unauthorized: 4401 } as const;
const closeDeadlineMs = 1_000;

/** Serves `/ws` on an HTTP server. Sockets that miss a ping are cut; keys are looked at again with every ping. */
export function attachLiveServer<Key>(server: Server, deps: LiveServerDeps<Key>): LiveServer {
  const {
    logger,
    maxSockets = 5_000,
    maxSocketsPerUser = 1_000,
    maxBufferedBytes = 1024 * 1024,
    pingEveryMs = 30_000,
  } = deps;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes });
  const accesses = new Map<WebSocket, LiveAccess<Key>>();
  const alive = new WeakSet<WebSocket>();

  const accept = (socket: WebSocket, apiKey: string | undefined, request: IncomingMessage) => {
    alive.add(socket);
    socket.on('pong', () => alive.add(socket));
    socket.on('close', () => accesses.delete(socket));
    if (sockets.clients.size > maxSockets) return socket.close(closing.tryAgainLater, 'too many sockets');
    const opening = openAccess(socket, apiKey, request, deps).then((access) => {
      if (!access || socket.readyState !== socket.OPEN) return access;
      const theirs = accesses.values().filter(({ userId }) => userId === access.userId);
      if (theirs.toArray().length >= maxSocketsPerUser) {
        socket.close(closing.tryAgainLater, 'too many sockets of one user');
        return undefined;
      }
      accesses.set(socket, access);
      return access;
    });
    serveLiveSocket(socket, opening, { logger, maxBufferedBytes });
  };
  const onUpgrade = (request: IncomingMessage, tcp: Duplex, head: Buffer) => {
    tcp.on('error', (error) => logger.debug(errorFields(error), 'socket failed'));
    const url = URL.parse(request.url ?? '/', 'http://gateway');
    if (url?.pathname !== path)
      return tcp.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    sockets.handleUpgrade(request, tcp, head, (socket) => accept(socket, liveKeyOf(request.headers, url), request));
  };
  server.on('upgrade', onUpgrade);

  const recheckSocket = async (socket: WebSocket, access: LiveAccess<Key>) => {
    try {
      if (!(await access.isStillValid())) refuse(socket, 'invalid_api_key');
    } catch (error) {
      logger.warn(errorFields(error), 'could not look at the key of a live socket again');
    }
  };
  const pings = setInterval(() => {
    for (const socket of sockets.clients) {
      if (!alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
    for (const [socket, access] of accesses) void recheckSocket(socket, access);
  }, pingEveryMs);

  return {
    get size() {
      return sockets.clients.size;
    },
    async recheck(userId) {
      const theirs = [...accesses].filter(([, access]) => access.userId === userId);
      await Promise.all(theirs.map(([socket, access]) => recheckSocket(socket, access)));
    },
    restart() {
      for (const socket of sockets.clients) socket.close(closing.restart, 'frames may be lost: connect again');
    },
    async [Symbol.asyncDispose]() {
      clearInterval(pings);
      server.off('upgrade', onUpgrade);
      for (const socket of sockets.clients) socket.close(closing.goingAway);
      const cut = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
      }, closeDeadlineMs);
      await new Promise((resolve) => sockets.close(resolve));
      clearTimeout(cut);
    },
  };
}

export const watchLiveSockets = ({ registry }: Metrics, live: LiveServer): void =>
  watchGauge(registry, 'vexa_live_sockets', 'Clients connected to /ws.', () => live.size);

async function openAccess<Key>(
  socket: WebSocket,
  apiKey: string | undefined,
  request: IncomingMessage,
  { open, logger }: LiveServerDeps<Key>,
): Promise<LiveAccess<Key> | undefined> {
  if (!apiKey) {
    refuse(socket, 'missing_api_key');
    return undefined;
  }
  try {
    const access = await open(apiKey, request);
    if (!access) refuse(socket, 'invalid_api_key');
    return access;
  } catch (error) {
    logger.warn(errorFields(error), 'could not look at the key of a live socket');
    socket.close(closing.tryAgainLater, 'unavailable');
    return undefined;
  }
}

function refuse(socket: WebSocket, error: 'missing_api_key' | 'invalid_api_key'): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.send(serializeFrame({ type: 'error', error }));
  socket.close(closing.unauthorized, error);
}
