import type { WebSocket } from 'ws';

export interface Message {
  data: Buffer;
  isBinary: boolean;
}

export interface Inbox {
  /** The first message; undefined when the socket closes or `signal` aborts before one comes. */
  first(signal: AbortSignal): Promise<Message | undefined>;
  /** Hands over every later message, those that came meanwhile first. */
  deliver(listener: (message: Message) => void): void;
}

/**
 * Keeps what arrives while nobody listens. One read from the network may hold many messages, and `ws` emits all of them
 * at once, also on a paused socket: a client that does not wait for the answer to its configuration would lose the
 * beginning of its audio. The pause after the first message bounds what is kept to that one read.
 */
export function openInbox(socket: WebSocket): Inbox {
  const kept: Message[] = [];
  const arrived = Promise.withResolvers<void>();
  let listener: ((message: Message) => void) | undefined;
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (listener) return listener({ data, isBinary });
    kept.push({ data, isBinary });
    socket.pause();
    arrived.resolve();
  });
  socket.once('close', () => arrived.resolve());
  return {
    async first(signal) {
      signal.addEventListener('abort', () => arrived.resolve(), { once: true });
      if (signal.aborted) return undefined;
      await arrived.promise;
      return kept.shift();
    },
    deliver(next) {
      for (const message of kept.splice(0)) next(message);
      listener = next;
      socket.resume();
    },
  };
}
