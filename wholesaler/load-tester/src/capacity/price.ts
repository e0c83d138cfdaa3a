import { sum } from '../statistics.ts';
import type { Demand, Part } from './demand.ts';

/** In any one currency. */
export interface Prices {
  coreHour: number;
  gibHour: number;
  storedGibMonth: number;
}

/** Round figures near the lists of large clouds for general-purpose machines on demand, in dollars; yours count. */
export const examplePrices: Prices = { coreHour: 0.03, gibHour: 0.004, storedGibMonth: 0.12 };

const hoursPerMonth = 730;

export const pricePerHour = ({ cores, gib }: Pick<Part, 'cores' | 'gib'>, prices: Prices): number =>
  cores * prices.coreHour + gib * prices.gibHour;

/** As if as many meetings went on day and night: what machines cost that are never given back. */
export function pricePerMonth({ parts, storedGiB }: Demand, prices: Prices): number {
  return hoursPerMonth * sum(parts.map((part) => pricePerHour(part, prices))) + storedGiB * prices.storedGibMonth;
}

/** One meeting for an hour. */
export const pricePerMeetingHour = (meetings: number, demand: Demand, prices: Prices): number =>
  pricePerMonth(demand, prices) / hoursPerMonth / meetings;
