import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { streams } from '@vexa/shared/contracts/redis-names';
import { SpeakerEvent, StreamMessage } from '@vexa/shared/contracts/stream-messages';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type { Redis } from 'ioredis';
import { type WebSocket, WebSocketServer } from 'ws';
import { parseMessage } from '../messages/parse-message.ts';
import type { TokenVerifier } from '../messages/token-verifier.ts';

export interface IngestDeps {
  redis: Redis;
  tokens: TokenVerifier;
  logger: Logger;
}

const path = '/collector';
const maxSockets = 1_000;
const maxFrameBytes = 1024 * 1024;
// Messages of one socket that are not answered yet; over it nothing more is read from it.
const maxUnderWay = 200;
const pingEveryMs = 30_000;
const closing = { goingAway: 1001, tryAgainLater: 1013, unauthorized: 4401 } as const;

type Reply =
  | { type: 'ack'; n: number }
  | { type: 'error'; n: number; error: 'invalid_message' | 'invalid_token' | 'unavailable'; details: string };

/**
 * Serves `/collector`: the messages of the streams over a WebSocket, for whisperlive without a way to Redis. Each text
 * frame is one message and carries its session token. It is put into its stream, in the order of the frames, and then
 * answered: `{type:"ack",n}` means that it is as safe there as if it had been put there directly; `n` counts the frames of
 * the connection from 1. What is refused is answered by `{type:"error",n,error,details}`; after `invalid_token` (4401) and
 * `unavailable` (1013) the socket is closed, and whatever was not acknowledged is to be sent again on a new one.
 */
export function attachIngest(server: Server, deps: IngestDeps): AsyncDisposable {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes });
  const alive = new WeakSet<WebSocket>();
  const onUpgrade = (request: IncomingMessage, tcp: Duplex, head: Buffer) => {
    tcp.on('error', (error) => deps.logger.debug(errorFields(error), 'socket failed'));
    if (URL.parse(request.url ?? '/', 'http://collector')?.pathname !== path) {
      return tcp.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    }
    sockets.handleUpgrade(request, tcp, head, (socket) => {
      alive.add(socket);
      socket.on('pong', () => alive.add(socket));
      if (sockets.clients.size > maxSockets) socket.close(closing.tryAgainLater, 'too many sockets');
      else serve(socket, deps);
    });
  };
  server.on('upgrade', onUpgrade);
  const pings = setInterval(() => {
    for (const socket of sockets.clients) {
      if (!alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }, pingEveryMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(pings);
      server.off('upgrade', onUpgrade);
      for (const socket of sockets.clients) socket.close(closing.goingAway);
      const cut = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
      }, 1_000);
      await new Promise((resolve) => sockets.close(resolve));
      clearTimeout(cut);
    },
  };
}

function serve(socket: WebSocket, deps: IngestDeps): void {
  let received = 0;
  let underWay = 0;
  let previous: Promise<unknown> = Promise.resolve();
  socket.on('message', (data, isBinary) => {
    const n = ++received;
    if (++underWay >= maxUnderWay) socket.pause();
    const frame = isBinary ? undefined : data.toString();
    previous = previous
      .then(() => answer(socket, n, frame, deps))
      .catch((error: unknown) => deps.logger.error(errorFields(error), 'ingest failed'))
      .finally(() => {
        if (--underWay < maxUnderWay / 2 && socket.isPaused) socket.resume();
      });
  });
  socket.on('error', (error) => deps.logger.debug(errorFields(error), 'ingest socket failed'));
}

async function answer(socket: WebSocket, n: number, frame: string | undefined, deps: IngestDeps): Promise<void> {
  // After a refusal that closes the socket nothing more is taken, so that a sender may repeat from there on.
  if (socket.readyState !== socket.OPEN) return;
  const reply = await take(n, frame, deps);
  socket.send(JSON.stringify(reply));
  if (reply.type === 'ack' || reply.error === 'invalid_message') return;
  socket.close(reply.error === 'invalid_token' ? closing.unauthorized : closing.tryAgainLater, reply.error);
}

async function take(n: number, frame: string | undefined, { redis, tokens, logger }: IngestDeps): Promise<Reply> {
  const isSpeakerEvent = frame?.includes('"event_type"') === true;
  const entry = { id: '', payload: frame };
  const parsed = isSpeakerEvent
    ? await parseMessage(SpeakerEvent, tokens, entry)
    : await parseMessage(StreamMessage, tokens, entry);
  if (!parsed.ok) {
    const error = parsed.kind === 'token' ? 'invalid_token' : 'invalid_message';
    return { type: 'error', n, error, details: parsed.reason };
  }
  try {
    const stream = isSpeakerEvent ? streams.speakerEvents : streams.segments;
    await redis.xadd(stream, '*', 'payload', JSON.stringify(parsed.message));
    return { type: 'ack', n };
  } catch (error) {
    logger.warn(errorFields(error), 'a message could not be taken in');
    return { type: 'error', n, error: 'unavailable', details: 'send it again on a new connection' };
  }
}
