import { once } from 'node:events';
import WebSocket from 'ws';
import { LiveFrame } from '../contracts/live-frames.ts';
import type { Segment } from '../contracts/transcript.ts';

interface FollowOptions {
  /** Of the public API, such as `http://127.0.0.1:8056`. */
  url: string;
  key: string;
  nativeId: string;
  /** Told of segments as they change, in the order of the socket. */
  onSegment: (segment: Segment) => void;
}

const openDeadlineMs = 10_000;

/** Follows one meeting of the `local` platform over `/ws` as a user does. Rejects when the subscription is refused. */
export async function followLive({ url, key, nativeId, onSegment }: FollowOptions): Promise<AsyncDisposable> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`, { headers: { 'x-api-key': key } });
  const subscribed = Promise.withResolvers<void>();
  socket.on('message', (data) => {
    const frame = LiveFrame.parse(JSON.parse(String(data)));
    if (frame.type === 'subscribed') subscribed.resolve();
    if (frame.type === 'error') subscribed.reject(new Error(`/ws refused: ${frame.error}`));
    if (frame.type !== 'transcript.mutable' && frame.type !== 'transcript.finalized') return;
    for (const segment of frame.payload.segments) onSegment(segment);
  });
  socket.on('error', (error) => subscribed.reject(error));
  await once(socket, 'open', { signal: AbortSignal.timeout(openDeadlineMs) });
  socket.send(JSON.stringify({ action: 'subscribe', meetings: [{ platform: 'local', native_id: nativeId }] }));
  await subscribed.promise;
  return {
    async [Symbol.asyncDispose]() {
      if (socket.readyState === WebSocket.CLOSED) return;
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}
