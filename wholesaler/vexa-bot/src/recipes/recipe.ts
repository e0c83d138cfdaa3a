import type { Platform } from '@vexa/shared/contracts/platform';

/**
 * A visible element that matches; with `text`, only if it contains it (letter case and kind of apostrophe aside). With
 * `title` alone, the document's title.
 */
export type Probe = { name: string } & ({ selector: string; text?: string } | { title: string });

/** One action on the way in or out. `{botName}` and `{passcode}` in a value stand for what the bot was given. */
export type Step =
  | { do: 'fill'; selector: string; value: string /** Skipped when it is not there now. */; optional?: true }
  | { do: 'click'; selector: string; optional?: true };

export const signalNames = [
  'obstacle',
  'lobby',
  'notStarted',
  'rejected',
  'admitted',
  'removed',
  'ended',
  'wall',
  'refused',
  'lost',
] as const;
export type SignalName = (typeof signalNames)[number];

/** In the order of their names; what a recipe does not say is nothing. */
export const perSignal = <T>(value: (signal: SignalName) => T[]): Record<SignalName, T[]> =>
  Object.fromEntries(signalNames.map((signal) => [signal, value(signal)])) as Record<SignalName, T[]>;

/** Where the page shows who is there. Selectors of a property are matched against the tile and what is in it. */
export interface TileReader {
  tile: string;
  /** Tells people apart; where the page shows no id, their names have to. */
  idAttribute?: string;
  /** The first that is there and not empty: an attribute of the tile, or the text of an element in it. */
  name: ({ attribute: string } | { selector: string })[];
  /** What the page adds to names, such as ` (Guest)`. */
  nameSuffixes?: string[];
  /** What the page shows while it knows no name; one that does not end in a letter is how such a thing begins. */
  placeholders?: string[];
  /** Without it, one's own tile is the one with the bot's name. */
  self?: string;
  /** Tiles of machines: they keep nobody company. */
  bot?: string;
  speaking: string;
  /** Outweighs `speaking`. */
  silent?: string;
}

/**
 * How voices arrive: a track for each person; few tracks that are switched between whoever speaks; or all in one.
 */
export type Voices = 'own-tracks' | 'switched-tracks' | 'mixed';

/**
 * All that is known of one platform's web client. Pages change without notice, hence data with a version and a date
 * instead of code.
 */
export interface Recipe {
  platform: Platform;
  version: string;
  /** The day on which somebody last compared it with what is known of the page. */
  checkedOn: string;
  /** What becomes of the meeting's link; `hash` may hold `{botName}`. */
  url: {
    query?: Readonly<Record<string, string>>;
    hosts?: Readonly<Record<string, string>>;
    path?: { match: RegExp; become: string };
    hash?: string;
  };
  /** The query parameter of the link that holds the passcode. */
  passcodeIn?: string;
  join: Step[];
  /**
   * `admitted` names independent signs, of which `admittedNeeds` must hold at once, and none of `lobby`. `obstacle`: is
   * clicked away on the way in. `notStarted`: loading again later may help. `wall`: the platform lets no automated guest
   * in. `refused`: the page will not let anybody in; `lost`: the page gave up its connection, another try may work.
   */
  signals: Partial<Record<SignalName, Probe[]>>;
  admittedNeeds: number;
  tiles: TileReader;
  voices: Voices;
  leave: Step[];
}
