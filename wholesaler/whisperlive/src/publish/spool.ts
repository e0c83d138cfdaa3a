import { setTimeout as delay } from 'node:timers/promises';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type { Redis } from 'ioredis';

const firstRetryMs = 50;
const lastRetryMs = 2_000;
const maxBatch = 100;
/** Text of all streams together: hours of talk. What comes on top of it is held back at its source. */
const maxBytes = 32 * 1024 * 1024;
/** A process that stops gives Redis this long to come back before it gives up. */
const lastChanceMs = 20_000;

interface Entry {
  stream: string;
  payload: string;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export interface SpoolOptions {
  logger: Logger;
  stopping: AbortSignal;
}

/**
 * Messages on their way to Redis streams, in order. While Redis is away they wait here, in memory: none is lost unless
 * this process is, and then no client was told of it. After an interruption the last messages may be written twice.
 */
export class Spool {
  readonly #redis: Redis;
  readonly #logger: Logger;
  readonly #entries: Entry[] = [];
  #bytes = 0;
  #writing = false;
  #giveUpAt = Number.POSITIVE_INFINITY;
  #awaySince: number | undefined;

  constructor(redis: Redis, { logger, stopping }: SpoolOptions) {
    this.#redis = redis;
    this.#logger = logger;
    stopping.addEventListener('abort', () => {
      this.#giveUpAt = performance.now() + lastChanceMs;
    });
  }

  get waiting(): number {
    return this.#entries.length;
  }

  /** True while whoever adds should wait. */
  get full(): boolean {
    return this.#bytes >= maxBytes;
  }

  /** Resolves once Redis has the message; rejects only 20 s after the process was told to stop. */
  add(stream: string, payload: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#entries.push({ stream, payload, resolve, reject });
    this.#bytes += payload.length;
    if (!this.#writing) void this.#write();
    return promise;
  }

  /** Runs while there is something to write. */
  async #write(): Promise<void> {
    this.#writing = true;
    for (let retryMs = firstRetryMs; this.#entries.length > 0; ) {
      const batch = this.#entries.slice(0, maxBatch);
      const { written, error } = await this.#send(batch);
      for (const { payload, resolve } of this.#entries.splice(0, written)) {
        this.#bytes -= payload.length;
        resolve();
      }
      if (written === batch.length) {
        retryMs = firstRetryMs;
        this.#noteBack();
      } else {
        this.#noteAway(error);
        if (performance.now() > this.#giveUpAt) return this.#giveUp(error);
        await delay(retryMs);
        retryMs = Math.min(2 * retryMs, lastRetryMs);
      }
    }
    this.#writing = false;
  }

  /** How many of the first messages are in Redis now. Nothing is left to the client's own queue, which would write it twice. */
  async #send(batch: readonly Entry[]): Promise<{ written: number; error?: unknown }> {
    if (this.#redis.status !== 'ready') return { written: 0, error: new Error(`Redis is ${this.#redis.status}`) };
    const pipeline = this.#redis.pipeline();
    for (const { stream, payload } of batch) pipeline.xadd(stream, '*', 'payload', payload);
    try {
      const replies = (await pipeline.exec()) ?? [];
      const failed = replies.findIndex(([error]) => error !== null);
      if (failed < 0) return { written: replies.length };
      return { written: failed, error: replies[failed]?.[0] };
    } catch (error) {
      return { written: 0, error };
    }
  }

  #giveUp(error: unknown): void {
    this.#writing = false;
    this.#bytes = 0;
    for (const { reject } of this.#entries.splice(0)) reject(error);
  }

  #noteAway(error: unknown): void {
    if (this.#awaySince !== undefined) return;
    this.#awaySince = performance.now();
    this.#logger.warn({ ...errorFields(error), waiting: this.waiting }, 'could not publish; messages wait');
  }

  #noteBack(): void {
    if (this.#awaySince === undefined) return;
    const seconds = Math.round((performance.now() - this.#awaySince) / 1000);
    this.#awaySince = undefined;
    this.#logger.info({ seconds, waiting: this.waiting }, 'publishing again');
  }
}
