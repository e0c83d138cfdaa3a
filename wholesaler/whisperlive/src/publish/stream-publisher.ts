import { streams } from '@vexa/shared/contracts/redis-names';
import type { SpeakerEvent, StreamMessage } from '@vexa/shared/contracts/stream-messages';
import type { Logger } from '@vexa/shared/logging';
import type { Redis } from 'ioredis';
import { Spool } from './spool.ts';

/** Writes messages to the Redis streams, in the order in which they were given, and goes on trying while Redis is away. */
export interface StreamPublisher {
  /** Resolves once Redis has the message; rejects only 20 s after `stopping` fired. */
  publish(message: StreamMessage): Promise<void>;
  publishSpeakerEvent(event: SpeakerEvent): Promise<void>;
  /** True while so much waits that clients must be held back. */
  readonly full: boolean;
}

export function createStreamPublisher(redis: Redis, logger: Logger, stopping: AbortSignal): StreamPublisher {
  const spool = new Spool(redis, { logger, stopping });
  return {
    publish: (message) => spool.add(streams.segments, JSON.stringify(message)),
    publishSpeakerEvent: (event) => spool.add(streams.speakerEvents, JSON.stringify(event)),
    get full() {
      return spool.full;
    },
  };
}
