import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { stageNames } from '../engine/stage-times.ts';
import type { Scheduler, SchedulerEvents } from '../scheduler/scheduler.ts';

export interface Metrics {
  registry: Registry;
  scheduler: SchedulerEvents;
  /** Times how long a message takes to Redis. */
  publishing<T>(publish: () => Promise<T>): Promise<T>;
  /** Open audio connections. */
  streams: Gauge;
  maxStreams: Gauge;
  /** Streams answered `WAIT`. */
  refused: Counter;
  draining: Gauge;
  handedOver: Counter<'moment'>;
  /** Messages of all sessions that Redis does not have yet. */
  waitingMessages: Gauge;
  /** Shows how many jobs wait, asked at every scrape. */
  watchQueue(waiting: () => Scheduler['waiting']): void;
  /** Shows how much of what can be served is taken, asked at every scrape. */
  watchLoad(load: () => number): void;
}

const seconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const factors = [0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 2, 5];

/** The figures of one service, in a registry of its own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const labelNames = ['kind'] as const;
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `whisperlive_${name}`, help, buckets, labelNames, registers });
  const counter = (name: string, help: string) => new Counter({ name: `whisperlive_${name}`, help, registers });
  const gauge = (name: string, help: string) => new Gauge({ name: `whisperlive_${name}`, help, registers });
  const queue = histogram('queue_seconds', 'Time a clip waited for its turn.', seconds);
  const publish = new Histogram({
    ...{ name: 'whisperlive_publish_seconds', help: 'Time until Redis had a message.', buckets: seconds, registers },
  });
  const decode = histogram('decode_seconds', 'Time the engine took for a clip.', seconds);
  const realTime = histogram('real_time_factor', 'Engine time divided by the length of the clip.', factors);
  const stageSeconds = new Counter({
    ...{
      name: 'whisperlive_stage_seconds_total',
      help: 'Time of clips in each stage of their decode, and between them.',
    },
    ...{ labelNames: ['kind', 'stage'] as const, registers },
  });
  const audio = new Counter({
    ...{ name: 'whisperlive_audio_seconds_total', help: 'Audio of the clips decoded.', labelNames, registers },
  });
  const finals = counter('finals_total', 'Utterances decoded for good.');
  const shed = counter('drafts_shed_total', 'Drafts given up before their turn.');
  const batches = new Histogram({
    ...{ name: 'whisperlive_batch_jobs', help: 'Clips decoded together.', buckets: [1, 2, 3, 4, 6, 8], registers },
  });
  return {
    registry,
    scheduler: {
      onDecoded(kind, { queueSeconds, decodeSeconds, audioSeconds, stages }) {
        queue.observe({ kind }, queueSeconds);
        decode.observe({ kind }, decodeSeconds);
        if (audioSeconds > 0) realTime.observe({ kind }, decodeSeconds / audioSeconds);
        if (kind === 'final') finals.inc();
        audio.inc({ kind }, audioSeconds);
        for (const stage of stageNames) if (stages) stageSeconds.inc({ kind, stage }, stages[stage]);
      },
      onShed: () => shed.inc(),
      onBatch: (jobs) => batches.observe(jobs),
    },
    async publishing(send) {
      const done = publish.startTimer();
      return send().finally(() => done());
    },
    streams: gauge('streams', 'Open audio connections.'),
    maxStreams: gauge('max_streams', 'Audio connections that are allowed, whatever they cost.'),
    refused: counter('streams_refused_total', 'Audio connections answered that they must wait.'),
    draining: gauge('draining', '1 once nothing new is taken.'),
    handedOver: new Counter({
      name: 'whisperlive_streams_handed_over_total',
      help: 'Streams ended so that they go on elsewhere, in a pause or while something was said.',
      ...{ labelNames: ['moment'] as const, registers },
    }),
    watchLoad(load) {
      new Gauge({
        name: 'whisperlive_load',
        help: 'Share of what can be served that one more stream would make taken; above 1 it would be refused.',
        registers,
        collect() {
          this.set(load());
        },
      });
    },
    waitingMessages: gauge('waiting_messages', 'Messages of all sessions that Redis does not have yet.'),
    watchQueue(waiting) {
      new Gauge({
        name: 'whisperlive_waiting_jobs',
        help: 'Clips that wait for their turn.',
        labelNames,
        registers,
        collect() {
          for (const [kind, count] of Object.entries(waiting())) this.set({ kind }, count);
        },
      });
    },
  };
}
