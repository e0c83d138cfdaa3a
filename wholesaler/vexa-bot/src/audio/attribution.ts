/** What was loud and who seemed to speak within one bin of time. */
export interface Bin {
  loud: ReadonlySet<number>;
  speaking: ReadonlySet<string>;
}

export interface TrackTurn {
  track: number;
  person: string;
  speaking: boolean;
  /** Epoch ms. */
  at: number;
}

export const binMs = 50;
/** Bins on each side of the one that is decided: tiles light up late, and stay lit between words. */
const reach = 15;
const leastLikeness = 0.2;
/** A track stays with whom it had unless somebody else fits clearly better. */
const keepsBonus = 0.15;

/**
 * Whose voice each track carries in the middle of a window: the person whose tile was lit when the track was loud. One
 * track each at most; a track that fits nobody has none.
 */
export function attribute(window: readonly Bin[], owners: ReadonlyMap<number, string>): Map<number, string> {
  const tracks = new Set(window.flatMap(({ loud }) => [...loud]));
  const people = new Set(window.flatMap(({ speaking }) => [...speaking]));
  const pairs = [...tracks].flatMap((track) =>
    [...people].map((person) => {
      const bonus = owners.get(track) === person ? keepsBonus : 0;
      return { track, person, likeness: likenessOf(window, track, person) + bonus };
    }),
  );
  pairs.sort((a, b) => b.likeness - a.likeness || a.track - b.track || (a.person < b.person ? -1 : 1));
  const found = new Map<number, string>();
  const taken = new Set<string>();
  for (const { track, person, likeness } of pairs) {
    if (likeness < leastLikeness || found.has(track) || taken.has(person)) continue;
    found.set(track, person);
    taken.add(person);
  }
  return found;
}

/** Bins in which both were on, of those in which either was. */
function likenessOf(window: readonly Bin[], track: number, person: string): number {
  let [both, either] = [0, 0];
  for (const { loud, speaking } of window) {
    const [heard, seen] = [loud.has(track), speaking.has(person)];
    if (heard && seen) both += 1;
    if (heard || seen) either += 1;
  }
  return both === 0 ? 0 : both / either;
}

/** A track counts as loud this long after its last sound: words have pauses. */
const holdBins = 6;
/** From a sound to the tile that lights up for it. */
const tileLagMs = 250;
/** Later than this nothing more is expected of a bin. */
const settleBins = 5;
const keptBins = 200;

interface WorkingBin {
  loud: Set<number>;
  speaking: ReadonlySet<string>;
}

/** Joins what is heard on switched tracks with what the tiles show, and tells turns about a second later. */
export class TrackOwners {
  readonly #bins = new Map<number, WorkingBin>();
  readonly #owners = new Map<number, string>();
  readonly #telling = new Map<number, string>();
  #speaking: ReadonlySet<string> = new Set();
  #decided: number | undefined;
  #seenTo = 0;

  /** A piece of sound that ends at `at`; silence need not be told. */
  hear(track: number, at: number, durationMs: number): void {
    const last = Math.floor((at - 1) / binMs);
    const first = Math.floor((at - durationMs) / binMs);
    for (let index = first; index <= last + holdBins; index += 1) this.#bin(index).loud.add(track);
  }

  /** Who seems to speak from now on. */
  see(speaking: ReadonlySet<string>, at: number): void {
    const now = Math.floor((at - tileLagMs) / binMs);
    this.#advance(now - 1);
    this.#speaking = speaking;
    for (const [index, bin] of this.#bins) if (index >= now) bin.speaking = speaking;
  }

  /** The turns that became clear by now, in their order. */
  decide(now: number): TrackTurn[] {
    this.#advance(Math.floor((now - tileLagMs) / binMs));
    const until = Math.floor(now / binMs) - reach - settleBins;
    const from = Math.max((this.#decided ?? until - 1) + 1, until - keptBins);
    const turns: TrackTurn[] = [];
    for (let index = from; index <= until; index += 1) turns.push(...this.#decideBin(index));
    this.#decided = Math.max(until, this.#decided ?? until);
    for (const index of this.#bins.keys()) if (index < until - reach) this.#bins.delete(index);
    return turns;
  }

  #decideBin(index: number): TrackTurn[] {
    const window: Bin[] = [];
    for (let near = index - reach; near <= index + reach; near += 1) window.push(this.#bin(near));
    const found = attribute(window, this.#owners);
    const { loud } = this.#bin(index);
    const at = index * binMs;
    const turns: TrackTurn[] = [];
    for (const [track, person] of this.#telling) {
      if (loud.has(track) && found.get(track) === person) continue;
      turns.push({ track, person, speaking: false, at });
      this.#telling.delete(track);
    }
    for (const [track, person] of found) {
      if (!loud.has(track) || this.#telling.has(track)) continue;
      this.#owners.set(track, person);
      this.#telling.set(track, person);
      turns.push({ track, person, speaking: true, at });
    }
    return turns;
  }

  /** What is shown stays shown until something else is. */
  #advance(to: number): void {
    for (let index = Math.max(this.#seenTo + 1, to - keptBins); index <= to; index += 1) this.#bin(index);
    this.#seenTo = Math.max(this.#seenTo, to);
  }

  #bin(index: number): WorkingBin {
    const bin = this.#bins.get(index) ?? { loud: new Set<number>(), speaking: this.#speaking };
    this.#bins.set(index, bin);
    return bin;
  }
}
