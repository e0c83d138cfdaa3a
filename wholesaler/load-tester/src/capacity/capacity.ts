import { type Demand, demandOf } from './demand.ts';
import type { Figures } from './figures.ts';
import { clustersFor, type Limit, limitsOf, shardsFor } from './limits.ts';
import { type Prices, pricePerMeetingHour, pricePerMonth } from './price.ts';
import { type FullHour, simulateFullHour } from './simulate-full-hour.ts';
import { meetingsPerReplica } from './simulate-replica.ts';
import type { Settings, Workload } from './workload.ts';

export interface Size {
  meetings: number;
  shards: number;
  clusters: number;
  demand: Demand;
  perMonth: number;
  perMeetingHour: number;
  fullHour: FullHour;
  /** What a single wholesaler could not carry any more, the first to break first. */
  broken: Limit[];
}

export interface Capacity {
  meetingsPerReplica: number;
  limits: Limit[];
  sizes: Size[];
}

interface Inputs {
  figures: Figures;
  work: Workload;
  settings: Settings;
  prices: Prices;
}

/** What meetings at once take and cost, and what breaks first. */
export function capacityOf(meetings: readonly number[], { figures, work, settings, prices }: Inputs): Capacity {
  const { cpuPerTalkSecond, startsPerSecond } = figures;
  const carried = meetingsPerReplica({ cores: settings.coresPerReplica, cpuPerTalkSecond, work }, settings);
  const limits = limitsOf({ figures, work, settings });
  const sizes = meetings.map((count): Size => {
    const shards = shardsFor(count, limits);
    const demand = demandOf(count, { figures, work, settings, meetingsPerReplica: carried, shards });
    const fullHour = simulateFullHour(Math.round(count * work.fullHourShare), {
      spreadSeconds: work.fullHourSpreadSeconds,
      stations: [
        { name: 'bot-manager', perSecond: startsPerSecond * shards },
        { name: 'Kubernetes', perSecond: settings.podStartsPerSecond },
      ],
    });
    return {
      ...{ meetings: count, shards, clusters: clustersFor(count, limits), demand, fullHour },
      perMonth: pricePerMonth(demand, prices),
      perMeetingHour: pricePerMeetingHour(count, demand, prices),
      broken: limits.filter((limit) => limit.meetings < count),
    };
  });
  return { meetingsPerReplica: carried, limits, sizes };
}
