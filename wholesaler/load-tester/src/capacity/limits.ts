import type { Figures } from './figures.ts';
import { ratesOf, type Settings, type Workload } from './workload.ts';

/** Something of which a deployment has one. */
export interface Limit {
  name: string;
  /** Live meetings at which it is as full as planned. */
  meetings: number;
  why: string;
  remedy: string;
  /** What divides meetings among several wholesalers lifts it. */
  sharded: boolean;
}

/** What cannot be had more of by starting another process, the first to break first. */
export function limitsOf({
  figures,
  work,
  settings,
}: {
  figures: Figures;
  work: Workload;
  settings: Settings;
}): Limit[] {
  const each = ratesOf(1, work, settings);
  const commands = each.messages * settings.redisCommandsPerMessage;
  const writes = each.finals + each.heartbeats;
  const startsPerMeeting = work.fullHourShare / (work.fullHourSpreadSeconds * Math.sqrt(2 * Math.PI));
  const planned = (capacity: number, perMeeting: number) => Math.floor((settings.headroom * capacity) / perMeeting);
  const byMeeting = 'Several wholesalers, each with its Redis and Postgres; a meeting belongs to one, by its id.';
  const limits: Limit[] = [
    {
      name: 'Redis',
      meetings: planned(settings.redisCommandsPerSecond, commands),
      why: `${round(commands)} commands a second for each meeting, ${settings.redisCommandsPerSecond} carried`,
      remedy: `${byMeeting} The stream alone could be parted sooner: one for each part of the meeting ids.`,
      sharded: true,
    },
    {
      name: 'Postgres writes',
      meetings: planned(figures.finalsPerSecond, writes),
      why: `${round(writes)} rows a second for each meeting (finals, signs of life), ${Math.round(figures.finalsPerSecond)} carried`,
      remedy: `${byMeeting} Before that: rarer signs of life (HEARTBEAT_MS).`,
      sharded: true,
    },
    {
      name: 'bot-manager: sweep',
      meetings: planned(settings.sweepSeconds, figures.secondsPerMeetingRow),
      why: `${round(figures.secondsPerMeetingRow * 1e6)} µs to read each live meeting, every ${settings.sweepSeconds} s`,
      remedy: 'Rarer sweeps (RECONCILE_INTERVAL_MS), then leaders for parts of the meeting ids.',
      sharded: true,
    },
    {
      name: 'bot-manager: starts at the full hour',
      meetings: Math.floor(figures.startsPerSecond / startsPerMeeting),
      why: `${round(startsPerMeeting * 100)} starts a second for 100 meetings, ${figures.startsPerSecond} served`,
      remedy: 'Bots of scheduled meetings started minutes ahead; more bot-managers.',
      sharded: true,
    },
    {
      name: 'Kubernetes: pods started at the full hour',
      meetings: Math.floor(settings.podStartsPerSecond / startsPerMeeting),
      why: `${settings.podStartsPerSecond} pods a second is what a cluster is tested for`,
      remedy: 'Bots of scheduled meetings started minutes ahead; several clusters.',
      sharded: false,
    },
    {
      name: 'Kubernetes: pods in a namespace',
      meetings: settings.podsPerNamespace,
      why: `${settings.podsPerNamespace} is its recommended threshold`,
      remedy: 'A namespace for the bots of each shard.',
      sharded: true,
    },
    {
      name: 'Kubernetes: pods in a cluster',
      meetings: Math.floor(settings.podsPerCluster * settings.headroom),
      why: `${settings.podsPerCluster} is its threshold`,
      remedy: 'Several clusters, each with its shards.',
      sharded: false,
    },
  ];
  return limits.sort((a, b) => a.meetings - b.meetings);
}

/** Wholesalers side by side so that none of what they divide breaks. */
export const shardsFor = (meetings: number, limits: readonly Limit[]): number =>
  partsFor(
    meetings,
    limits.filter(({ sharded }) => sharded),
  );

/** Clusters so that none of what only they divide breaks. */
export const clustersFor = (meetings: number, limits: readonly Limit[]): number =>
  partsFor(
    meetings,
    limits.filter(({ sharded }) => !sharded),
  );

const partsFor = (meetings: number, limits: readonly Limit[]): number =>
  Math.max(1, ...limits.map((limit) => Math.ceil(meetings / limit.meetings)));

const round = (value: number): number => Number(value.toPrecision(2));
