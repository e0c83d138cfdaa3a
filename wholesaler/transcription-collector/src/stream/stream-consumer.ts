import { setTimeout as wait } from 'node:timers/promises';
import { streams } from '@vexa/shared/contracts/redis-names';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type { Redis } from 'ioredis';
import type { ConsumerConfig } from '../config.ts';
import { buryEntry } from './dead-letters.ts';
import { type Entry, entriesOfClaim, entriesOfRead, type Outcome } from './entry.ts';
import {
  deliveriesOf,
  ensureGroup,
  isGroupMissing,
  leaveGroup,
  removeStaleConsumers,
  trimAcknowledged,
} from './group.ts';

export interface StreamConsumerDeps {
  redis: Redis;
  /** A connection of its own: reads block on it. */
  reader: Redis;
  logger: Logger;
  stream: string;
  /** Unique among all processes that ever consumed the stream. */
  consumer: string;
  config: ConsumerConfig;
  onOutcomes: (outcome: Outcome['status'], count: number) => void;
  /** Rejects while what messages need is away; then nothing is taken over, so that no delivery is counted in vain. */
  ready: () => Promise<unknown>;
  /** One outcome per entry, in order. Rejects when the servers fail, which repeats the whole batch. */
  handle: (entries: Entry[]) => Promise<Outcome[]>;
  /** The meeting a message proves to belong to. */
  meetingOf: (entry: Entry) => Promise<number | undefined>;
}

/** How often each entry was delivered; one that is missing came for the first time. */
type Deliveries = ReadonlyMap<string, number>;
const firstDelivery: Deliveries = new Map();

const blockMs = 500;
const shortestBackoffMs = 100;
const longestBackoffMs = 5_000;
const staleConsumerMs = 3_600_000;

/**
 * Consumes a stream as one of a group until disposed. An entry is acknowledged after `handle` made its effect
 * durable, so every entry is handled at least once, by any consumer and in any order.
 */
export function startStreamConsumer(deps: StreamConsumerDeps): AsyncDisposable {
  const stopping = new AbortController();
  const loop = consume(deps, stopping.signal);
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await loop;
      await leaveGroup(deps.redis, deps.stream, deps.consumer).catch((error: unknown) =>
        deps.logger.warn(errorFields(error), 'the consumer stays in the group until others remove it'),
      );
    },
  };
}

async function consume(deps: StreamConsumerDeps, signal: AbortSignal): Promise<void> {
  const { config, logger, redis, stream } = deps;
  const claimEveryMs = Math.min(5_000, config.claimIdleMs / 2);
  let claimAt = performance.now();
  let backoffMs = shortestBackoffMs;
  let hasGroup = false;
  while (!signal.aborted) {
    try {
      if (!hasGroup) await ensureGroup(redis, stream);
      hasGroup = true;
      if (performance.now() >= claimAt) {
        const taken = await takeOver(deps, signal);
        if (taken < config.batchSize) claimAt = performance.now() + claimEveryMs;
      }
      await settle(deps, await readNew(deps), firstDelivery, signal);
      backoffMs = shortestBackoffMs;
    } catch (error) {
      // Redis was emptied: not a fault of anybody's message, and cured by making the group again.
      if (isGroupMissing(error)) hasGroup = false;
      logger.warn({ ...errorFields(error), stream }, 'stream trouble');
      backoffMs = await backOff(backoffMs, signal);
    }
  }
}

async function readNew({ reader, config, stream, consumer }: StreamConsumerDeps): Promise<Entry[]> {
  const { collectorGroup } = streams;
  const count = config.batchSize;
  return entriesOfRead(
    await reader.xreadgroup(
      'GROUP',
      collectorGroup,
      consumer,
      'COUNT',
      count,
      'BLOCK',
      blockMs,
      'STREAMS',
      stream,
      '>',
    ),
  );
}

/** Takes entries over whose consumer went silent. What was delivered too often without an answer is not tried again. */
async function takeOver(deps: StreamConsumerDeps, signal: AbortSignal): Promise<number> {
  const { redis, config, stream, consumer } = deps;
  await deps.ready();
  await removeStaleConsumers(redis, stream, staleConsumerMs);
  const { claimIdleMs, batchSize } = config;
  const reply = await redis.xautoclaim(
    stream,
    streams.collectorGroup,
    consumer,
    claimIdleMs,
    '0-0',
    'COUNT',
    batchSize,
  );
  const entries = entriesOfClaim(reply);
  const ids = entries.map(({ id }) => id);
  const deliveries = await deliveriesOf(redis, stream, consumer, ids);
  const isExhausted = ({ id }: Entry) => (deliveries.get(id) ?? 1) > config.maxDeliveries;
  const exhausted = entries.filter(isExhausted);
  for (const entry of exhausted) {
    const meetingId = await deps.meetingOf(entry);
    await bury(deps, entry, { reason: 'delivered too often without an answer', meetingId }, deliveries);
  }
  if (exhausted.length > 0) await trimAcknowledged(redis, stream);
  const rest = entries.filter((entry) => !isExhausted(entry));
  await settle(deps, rest, deliveries, signal);
  return entries.length;
}

/** Handles a batch and answers for it; while the servers are away it is repeated, waiting at most 5 s between tries. */
async function settle(deps: StreamConsumerDeps, entries: Entry[], deliveries: Deliveries, signal: AbortSignal) {
  if (entries.length === 0) return;
  let backoffMs = shortestBackoffMs;
  for (;;) {
    try {
      return await answer(deps, entries, await deps.handle(entries), deliveries);
    } catch (error) {
      deps.logger.warn({ ...errorFields(error), stream: deps.stream, entries: entries.length }, 'batch is tried again');
      backoffMs = await backOff(backoffMs, signal);
      if (signal.aborted) return;
    }
  }
}

async function answer(deps: StreamConsumerDeps, entries: Entry[], outcomes: Outcome[], deliveries: Deliveries) {
  const { redis, stream, config, logger, onOutcomes } = deps;
  for (const [status, some] of Map.groupBy(outcomes, ({ status }) => status)) onOutcomes(status, some.length);
  const acknowledged: string[] = [];
  for (const [i, entry] of entries.entries()) {
    const outcome = outcomes[i];
    if (outcome?.status === 'done') {
      acknowledged.push(entry.id);
    } else if (outcome?.status === 'dead') {
      await bury(deps, entry, outcome, deliveries);
    } else if (outcome && (deliveries.get(entry.id) ?? 1) >= config.maxDeliveries) {
      await bury(deps, entry, outcome, deliveries);
    } else {
      logger.warn({ stream, entry_id: entry.id, reason: outcome?.reason }, 'message will be tried again');
    }
  }
  const acknowledging = acknowledged.length > 0 ? redis.xack(stream, streams.collectorGroup, ...acknowledged) : 0;
  await Promise.all([acknowledging, trimAcknowledged(redis, stream)]);
}

async function bury(
  { redis, stream, logger }: StreamConsumerDeps,
  entry: Entry,
  { reason, meetingId }: { reason: string; meetingId?: number | undefined },
  deliveries: Deliveries,
): Promise<void> {
  const times = deliveries.get(entry.id) ?? 1;
  logger.warn({ stream, entry_id: entry.id, reason, deliveries: times }, 'message put aside');
  await buryEntry(redis, { stream, entryId: entry.id, reason, deliveries: times, meetingId, payload: entry.payload });
}

async function backOff(ms: number, signal: AbortSignal): Promise<number> {
  await wait(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return Math.min(ms * 2, longestBackoffMs);
}
