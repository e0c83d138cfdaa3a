import type { SegmentsPublication } from '@vexa/shared/contracts/live-frames';
import { channels } from '@vexa/shared/contracts/redis-names';
import type { Segment } from '@vexa/shared/contracts/transcript';
import type { Redis } from 'ioredis';

export async function publishFinalized(redis: Redis, meetingId: number, segments: Segment[]): Promise<void> {
  await publish(redis, channels.finalizedSegments(meetingId), segments);
}

/** Tells live readers that words they were shown are gone: the same segments with an empty text. */
export async function publishWithdrawn(redis: Redis, meetingId: number, segments: Segment[]): Promise<void> {
  await publish(redis, channels.mutableSegments(meetingId), segments.map(withdrawn));
}

export const withdrawn = (segment: Segment): Segment => ({ ...segment, text: '', completed: true });

async function publish(redis: Redis, channel: string, segments: Segment[]): Promise<void> {
  if (segments.length === 0) return;
  const publication: SegmentsPublication = { segments, ts: new Date().toISOString() };
  await redis.publish(channel, JSON.stringify(publication));
}
