import type { Platform } from '@vexa/shared/contracts/platform';

/** A visible element that matches; with `text`, only if it contains it (letter case and kind of apostrophe aside). */
export interface Probe {
  name: string;
  selector: string;
  text?: string;
}

/** One action on the way in or out. `{botName}` in a value stands for the bot's name. */
export type Step =
  | { do: 'fill'; selector: string; value: string }
  | { do: 'click'; selector: string /** Skipped when it is not there now. */; optional?: true };

export const signalNames = ['lobby', 'rejected', 'admitted', 'removed', 'ended', 'refused', 'lost'] as const;
export type SignalName = (typeof signalNames)[number];

/** Where the page shows who is there. Selectors of a property are matched against the tile itself. */
export interface TileReader {
  tile: string;
  idAttribute: string;
  nameAttribute: string;
  self: string;
  /** Tiles of machines: they keep nobody company. */
  bot: string;
  speaking: string;
}

/**
 * All that is known of one platform's web client. Pages change without notice, hence data with a version and a date
 * instead of code.
 */
export interface Recipe {
  platform: Platform;
  version: string;
  /** The day on which somebody last saw it work. */
  checkedOn: string;
  url: { query: Readonly<Record<string, string>> };
  join: Step[];
  /**
   * `admitted` names independent signs, of which `admittedNeeds` must hold at once. `refused`: the page will not
   * let anybody in; `lost`: the page gave up its connection, another try may work.
   */
  signals: Record<SignalName, Probe[]>;
  admittedNeeds: number;
  tiles: TileReader;
  leave: Step[];
}
