import { percentile, seededRandom } from '../statistics.ts';

export interface Station {
  name: string;
  perSecond: number;
}

export interface FullHour {
  starts: number;
  /** From the request until the bot's process begins, in seconds. */
  waitP50: number;
  waitP95: number;
  /** The station before which they wait. */
  slowest: string;
}

/**
 * Meetings that begin with the hour, more or less punctually, each of which asks for a bot; they pass stations that each serve so
 * many a second, one after the other.
 */
export function simulateFullHour(
  starts: number,
  { spreadSeconds, stations, seed = 1 }: { spreadSeconds: number; stations: readonly Station[]; seed?: number },
): FullHour {
  const random = seededRandom(seed);
  // Box and Muller's transform.
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const asked = Array.from({ length: starts }, () => normal() * spreadSeconds).sort((a, b) => a - b);
  let ready = asked;
  for (const { perSecond } of stations) {
    let free = Number.NEGATIVE_INFINITY;
    ready = ready.map((at) => {
      free = Math.max(at, free) + 1 / perSecond;
      return free;
    });
  }
  const waits = ready.map((at, i) => at - (asked[i] ?? at));
  const slowest = stations.reduce((slow, station) => (station.perSecond < slow.perSecond ? station : slow));
  return { starts, waitP50: percentile(waits, 0.5), waitP95: percentile(waits, 0.95), slowest: slowest.name };
}
