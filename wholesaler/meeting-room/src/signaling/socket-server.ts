import type { Server } from 'node:http';
import { errorStatus, ServiceError } from '@vexa/shared/errors';
import { fieldProblems, problemResponse } from '@vexa/shared/http/problem';
import { errorFields, type Logger } from '@vexa/shared/logging';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Link } from '../rooms/member.ts';
import type { RoomRegistry } from '../rooms/room-registry.ts';
import { ClientMessage, RoomId, type ServerMessage } from './messages.ts';
import { receive, type Session } from './receive.ts';

const maxFrameBytes = 64 * 1024;
const maxBufferedBytes = 1024 * 1024;
const maxMessagesPerSecond = 200;
const joinDeadlineMs = 10_000;
const pingEveryMs = 10_000;

interface Deps {
  rooms: RoomRegistry;
  logger: Logger;
}

/** Serves `/api/rooms/{room}/ws` on an HTTP server: JSON text frames in the shapes of `messages.ts`. */
export function attachSocketServer(deps: Deps, server: Server): AsyncDisposable {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes });
  const alive = new WeakSet<WebSocket>();
  server.on('upgrade', (request, tcp, head) => {
    tcp.on('error', (error) => deps.logger.debug(errorFields(error), 'socket failed'));
    const path = new URL(request.url ?? '/', 'http://room').pathname;
    const id = /^\/api\/rooms\/([^/]+)\/ws$/.exec(path)?.[1];
    const room = RoomId.safeParse(id);
    if (room.success) {
      return sockets.handleUpgrade(request, tcp, head, (socket) => {
        alive.add(socket);
        socket.on('pong', () => alive.add(socket));
        serveSocket(deps, socket, room.data);
      });
    }
    const error = id
      ? new ServiceError('validation_error', fieldProblems('path', [{ path: ['room'], message: issue(room.error) }]))
      : new ServiceError('not_found', 'No such socket.');
    void problemResponse(error, '')
      .text()
      .then((body) => {
        const lines = [`HTTP/1.1 ${errorStatus[error.code]} Refused`, 'content-type: application/problem+json'];
        tcp.end([...lines, `content-length: ${Buffer.byteLength(body)}`, 'connection: close', '', body].join('\r\n'));
      });
  });
  const pings = setInterval(() => {
    for (const socket of sockets.clients) {
      if (!alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }, pingEveryMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(pings);
      for (const socket of sockets.clients) socket.close(1001);
      const cut = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
      }, 1_000);
      await new Promise((resolve) => sockets.close(resolve));
      clearTimeout(cut);
    },
  };
}

const issue = (error: { issues: { message: string }[] }) => error.issues[0]?.message ?? 'is not valid';

function serveSocket(deps: Deps, socket: WebSocket, roomId: string): void {
  const session: Session = { roomId, link: createLink(socket), seat: undefined };
  const { link } = session;
  const allow = rateLimit();
  const deadline = setTimeout(() => {
    if (!session.seat) socket.close(1008, 'no join');
  }, joinDeadlineMs);
  socket.on('error', (error) => deps.logger.debug(errorFields(error), 'socket failed'));
  socket.on('close', () => {
    clearTimeout(deadline);
    session.seat?.room.detach(session.seat.member, link);
  });
  socket.on('message', (data, isBinary) => {
    if (!allow()) return socket.close(1008, 'too many messages');
    try {
      receive(deps, session, parse(data.toString(), isBinary));
    } catch (error) {
      if (!(error instanceof ServiceError)) deps.logger.error(errorFields(error), 'message failed');
      link.send(errorFrame(error));
    }
  });
}

function createLink(socket: WebSocket): Link {
  return {
    send(message) {
      if (socket.bufferedAmount > maxBufferedBytes) return socket.terminate();
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
    },
    close: () => socket.close(1000),
  };
}

function parse(text: string, isBinary: boolean) {
  if (isBinary) throw new ServiceError('bad_request', 'Frames must be text.');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ServiceError('bad_request', 'The frame is not JSON.', { cause });
  }
  const result = ClientMessage.safeParse(json);
  if (result.success) return result.data;
  throw new ServiceError('validation_error', fieldProblems('frame', result.error.issues));
}

function errorFrame(error: unknown): ServerMessage {
  if (!(error instanceof ServiceError))
    return { type: 'error', code: 'internal_error', message: 'Something went wrong.' };
  const { code, detail } = error;
  if (typeof detail === 'string') return { type: 'error', code, message: detail };
  const field = detail[0]?.loc.slice(1).join('.');
  return {
    type: 'error',
    code,
    message: detail.map((f) => `${f.loc.slice(1).join('.')} ${f.msg}`).join('; '),
    ...(field ? { field } : {}),
  };
}

function rateLimit(): () => boolean {
  let [second, count] = [0, 0];
  return () => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) [second, count] = [now, 0];
    count += 1;
    return count <= maxMessagesPerSecond;
  };
}
