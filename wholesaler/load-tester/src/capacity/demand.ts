import type { Figures } from './figures.ts';
import { type Rates, ratesOf, type Settings, type Workload } from './workload.ts';

/** What one kind of process takes for so many meetings. */
export interface Part {
  name: string;
  instances: number;
  cores: number;
  gib: number;
}

export interface Demand {
  rates: Rates;
  parts: Part[];
  /** Of Postgres, for as long as transcripts are kept, if meetings went on day and night. */
  storedGiB: number;
}

interface Inputs {
  figures: Figures;
  work: Workload;
  settings: Settings;
  /** That one whisperlive just carries, as simulated. */
  meetingsPerReplica: number;
  /** Wholesalers side by side, each with Redis and Postgres. */
  shards: number;
}

/** Memory of a process that holds no model: what benchmarks saw of gateways and collectors, rounded up. */
const serviceGiB = 0.5;
/** A model of base in each worker, and the runtime. */
const whisperliveGiBPerCore = 0.7;
/** For one shard: Redis is one thread and its log; Postgres as a managed one of middle size. */
const redis = { cores: 2, gib: 4 };
const postgres = { cores: 4, gib: 16 };

/** Services that share nothing, as many as are needed; two at least of those that a meeting needs. */
export function demandOf(meetings: number, { figures, work, settings, meetingsPerReplica, shards }: Inputs): Demand {
  const rates = ratesOf(meetings, work, settings);
  const replicas = Math.max(
    2,
    Math.ceil(Math.max(meetings / meetingsPerReplica, rates.streams / settings.streamsPerReplica) / settings.headroom),
  );
  const small = (name: string, busy: number, least = 2): Part => {
    const instances = Math.max(least, Math.ceil(busy / settings.headroom));
    return { name, instances, cores: instances, gib: instances * serviceGiB };
  };
  const gatewayCores = rates.requests * figures.gatewayCpuPerRequest + rates.frames * figures.cpuPerFrame;
  const sockets = (meetings * work.readers) / settings.socketsPerGateway;
  return {
    rates,
    parts: [
      { name: 'bots', instances: meetings, cores: meetings * figures.botCores, gib: meetings * figures.botGiB },
      {
        name: 'whisperlive',
        instances: replicas,
        cores: replicas * settings.coresPerReplica,
        gib: replicas * settings.coresPerReplica * whisperliveGiBPerCore,
      },
      small('api-gateway', Math.max(gatewayCores, sockets)),
      small('transcription-collector', rates.messages * figures.collectorCpuPerMessage),
      small('bot-manager', rates.heartbeats * figures.gatewayCpuPerRequest, 2 * shards),
      small('admin-api', 0),
      { name: 'Redis', instances: shards, cores: shards * redis.cores, gib: shards * redis.gib },
      { name: 'Postgres', instances: shards, cores: shards * postgres.cores, gib: shards * postgres.gib },
    ],
    storedGiB: (rates.finals * 3600 * settings.retentionHours * settings.bytesPerSegmentRow) / 2 ** 30,
  };
}
