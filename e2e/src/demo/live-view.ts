import { once } from 'node:events';
import { LiveFrame } from '@vexa/shared/contracts/live-frames';
import type { Segment } from '@vexa/shared/contracts/transcript';
import WebSocket from 'ws';

/** What a live reader saw of one segment, and when (ms since the epoch). */
export interface SeenSegment {
  segment: Segment;
  firstSeenAt: number;
  completedAt: number | undefined;
}

export interface LiveView extends AsyncDisposable {
  readonly seen: ReadonlyMap<string, SeenSegment>;
}

interface LiveViewOptions {
  url: string;
  key: string;
  nativeId: string;
  onSegment?: (segment: Segment) => void;
}

const openDeadlineMs = 10_000;

/** Follows one meeting over `/ws` as a user would, and remembers when each segment appeared and was completed. */
export async function openLiveView({ url, key, nativeId, onSegment }: LiveViewOptions): Promise<LiveView> {
  const seen = new Map<string, SeenSegment>();
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`, { headers: { 'x-api-key': key } });
  const subscribed = Promise.withResolvers<void>();
  socket.on('message', (data) => {
    const frame = LiveFrame.parse(JSON.parse(String(data)));
    if (frame.type === 'subscribed') subscribed.resolve();
    if (frame.type === 'error') subscribed.reject(new Error(`/ws refused: ${frame.error}`));
    if (frame.type !== 'transcript.mutable' && frame.type !== 'transcript.finalized') return;
    for (const segment of frame.payload.segments) record(seen, segment, Date.now(), onSegment);
  });
  socket.on('error', (error) => subscribed.reject(error));
  await once(socket, 'open', { signal: AbortSignal.timeout(openDeadlineMs) });
  socket.send(JSON.stringify({ action: 'subscribe', meetings: [{ platform: 'local', native_id: nativeId }] }));
  await subscribed.promise;
  return {
    seen,
    async [Symbol.asyncDispose]() {
      if (socket.readyState === WebSocket.CLOSED) return;
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

function record(
  seen: Map<string, SeenSegment>,
  segment: Segment,
  now: number,
  onSegment: ((segment: Segment) => void) | undefined,
): void {
  if (segment.completed && !segment.text) {
    seen.delete(segment.segment_id); // what was shown as a draft is taken back
    return;
  }
  const before = seen.get(segment.segment_id);
  if (before?.completedAt !== undefined) return;
  seen.set(segment.segment_id, {
    segment,
    firstSeenAt: before?.firstSeenAt ?? now,
    completedAt: segment.completed ? now : undefined,
  });
  onSegment?.(segment);
}
