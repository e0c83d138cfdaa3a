import { streams } from '@vexa/shared/contracts/redis-names';
import type { SpeakerEvent, StreamMessage } from '@vexa/shared/contracts/stream-messages';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type { Redis } from 'ioredis';

// About a minute of eight busy streams; above it sessions are paused instead of more being kept.
const maxWaiting = 5_000;
const firstRetryMs = 100;
const lastRetryMs = 2_000;
// A process that stops gives Redis this long to come back before it gives up.
const lastChanceMs = 20_000;

/** Writes messages to the Redis streams and goes on trying while Redis is away. */
export interface StreamPublisher {
  /** Resolves once Redis has the message; rejects only 20 s after `stopping` fired. */
  publish(message: StreamMessage): Promise<void>;
  publishSpeakerEvent(event: SpeakerEvent): Promise<void>;
  /** Messages not yet in Redis. */
  readonly waiting: number;
  /** True when so much waits that no more should be taken in. */
  readonly full: boolean;
}

export function createStreamPublisher(redis: Redis, logger: Logger, stopping: AbortSignal): StreamPublisher {
  let waiting = 0;
  let giveUpAt = Number.POSITIVE_INFINITY;
  stopping.addEventListener('abort', () => {
    giveUpAt = performance.now() + lastChanceMs;
  });
  const add = async (stream: string, message: StreamMessage | SpeakerEvent) => {
    const payload = JSON.stringify(message);
    waiting += 1;
    try {
      for (let delayMs = firstRetryMs; ; delayMs = Math.min(delayMs * 2, lastRetryMs)) {
        try {
          await redis.xadd(stream, '*', 'payload', payload);
          return;
        } catch (error) {
          if (performance.now() > giveUpAt) throw error;
          logger.warn({ ...errorFields(error), waiting }, 'could not publish, trying again');
          await new Promise((resolve) => setTimeout(resolve, delayMs));
        }
      }
    } finally {
      waiting -= 1;
    }
  };
  return {
    publish: (message) => add(streams.segments, message),
    publishSpeakerEvent: (event) => add(streams.speakerEvents, event),
    get waiting() {
      return waiting;
    },
    get full() {
      return waiting >= maxWaiting;
    },
  };
}
