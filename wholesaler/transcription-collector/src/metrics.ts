import { keys, streams } from '@vexa/shared/contracts/redis-names';
import { type Metrics, watchGauge } from '@vexa/shared/http/metrics';
import type { Redis } from 'ioredis';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { TranscriptFollowers } from './live/transcript-followers.ts';
import { lagOf } from './stream/group.ts';

/** What the collector counts about its work. */
export interface CollectorMetrics {
  messages: (outcome: 'done' | 'retry' | 'dead', count: number) => void;
  stored: (segments: number, seconds: number) => void;
}

const flushBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counters of this process, and what Redis says of the streams when somebody asks. */
export function createCollectorMetrics({ registry }: Metrics, redis: Redis): CollectorMetrics {
  const registers = [registry];
  const messages = new Counter({
    name: 'vexa_collector_messages_total',
    help: 'Messages of the streams by what became of them.',
    labelNames: ['outcome'] as const,
    registers,
  });
  const stored = new Counter({
    name: 'vexa_collector_segments_stored_total',
    help: 'Segments written to Postgres; its rate is segments per second.',
    registers,
  });
  const flush = new Histogram({
    name: 'vexa_collector_flush_duration_seconds',
    help: 'Time to move what is decided of one meeting from Redis to Postgres.',
    buckets: flushBuckets,
    registers,
  });
  const gauge = watchGauge.bind(null, registry);
  const watched = [streams.segments, streams.speakerEvents] as const;
  for (const [what, help] of [
    ['lag', 'Entries of a stream that no collector has taken yet.'],
    ['pending', 'Entries of a stream that a collector took and has not answered for.'],
  ] as const) {
    new Gauge({
      name: `vexa_collector_stream_${what}`,
      help,
      labelNames: ['stream'] as const,
      registers,
      async collect() {
        for (const stream of watched) this.set({ stream }, (await lagOf(redis, stream))[what]);
      },
    });
  }
  gauge('vexa_collector_dead_letters', 'Messages put aside.', () => redis.xlen(streams.segmentsDead));
  gauge('vexa_collector_active_meetings', 'Meetings with segments that may still change.', () =>
    redis.scard(keys.activeMeetings),
  );
  return {
    messages: (outcome, count) => {
      if (count > 0) messages.inc({ outcome }, count);
    },
    stored: (segments, seconds) => {
      stored.inc(segments);
      flush.observe(seconds);
    },
  };
}

export const watchFollowers = ({ registry }: Metrics, followers: TranscriptFollowers): void =>
  watchGauge(
    registry,
    'vexa_transcript_followers',
    'Readers that follow a transcript as server-sent events.',
    () => followers.size,
  );
