import { setTimeout as delay } from 'node:timers/promises';
import { streams } from '@vexa/shared/contracts/redis-names';
import type { SpeakerEvent, StreamMessage } from '@vexa/shared/contracts/stream-messages';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type { Redis } from 'ioredis';

const firstRetryMs = 100;
const lastRetryMs = 2_000;
// A process that stops gives Redis this long to come back before it gives up.
const lastChanceMs = 20_000;

/** Writes messages to the Redis streams and goes on trying while Redis is away. How many wait, its callers bound. */
export interface StreamPublisher {
  /** Resolves once Redis has the message; rejects only 20 s after `stopping` fired. */
  publish(message: StreamMessage): Promise<void>;
  publishSpeakerEvent(event: SpeakerEvent): Promise<void>;
}

export function createStreamPublisher(redis: Redis, logger: Logger, stopping: AbortSignal): StreamPublisher {
  let giveUpAt = Number.POSITIVE_INFINITY;
  stopping.addEventListener('abort', () => {
    giveUpAt = performance.now() + lastChanceMs;
  });
  const add = async (stream: string, message: StreamMessage | SpeakerEvent) => {
    const payload = JSON.stringify(message);
    for (let delayMs = firstRetryMs; ; delayMs = Math.min(delayMs * 2, lastRetryMs)) {
      try {
        await redis.xadd(stream, '*', 'payload', payload);
        return;
      } catch (error) {
        if (performance.now() > giveUpAt) throw error;
        logger.warn({ ...errorFields(error), stream }, 'could not publish, trying again');
        await delay(delayMs);
      }
    }
  };
  return {
    publish: (message) => add(streams.segments, message),
    publishSpeakerEvent: (event) => add(streams.speakerEvents, event),
  };
}
