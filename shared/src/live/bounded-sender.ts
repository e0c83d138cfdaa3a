import type { WebSocket } from 'ws';
import type { LiveFrame } from '../contracts/live-frames.ts';

/** A frame as text: written once, however many sockets it goes to. */
export const serializeFrame = (frame: LiveFrame): string => JSON.stringify(frame);

export interface BoundedSender {
  send(frame: LiveFrame): void;
  /** For frames that many sockets get: see `serializeFrame`. */
  sendText(frame: string): void;
}

const tryAgainLater = 1013;
const closeDeadlineMs = 5_000;

/**
 * Sends while the socket is open. A reader so slow that more than `maxBufferedBytes` wait for it is dropped with 1013,
 * and cut 5 s later when even that does not reach it.
 */
export function createBoundedSender(socket: WebSocket, maxBufferedBytes: number): BoundedSender {
  const sendText = (frame: string) => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount + Buffer.byteLength(frame) <= maxBufferedBytes) return socket.send(frame);
    socket.close(tryAgainLater, 'reader too slow');
    const cut = setTimeout(() => socket.terminate(), closeDeadlineMs);
    socket.once('close', () => clearTimeout(cut));
  };
  return { sendText, send: (frame) => sendText(serializeFrame(frame)) };
}
