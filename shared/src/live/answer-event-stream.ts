import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { decodeCursor } from '../transcripts/cursor.ts';
import { type EventStreamDeps, eventStream, type TranscriptFeed } from './event-stream.ts';

/** Answers with a meeting as server-sent events, from `lastEventId` on if that is a place in its list of changes. */
export function answerEventStream(
  c: Context,
  deps: EventStreamDeps,
  { feed, lastEventId = '' }: { feed: TranscriptFeed; lastEventId: string | undefined },
) {
  const { outgoing } = c.env as HttpBindings;
  const stream = eventStream(deps, { feed, lastSeen: decodeCursor(lastEventId), cut: () => outgoing.destroy() });
  return c.body(stream, 200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
}
