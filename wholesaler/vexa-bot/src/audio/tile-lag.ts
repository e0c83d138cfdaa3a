/** Sounds this close together are one. */
const pauseMs = 300;
/** A tile that changed this long after a sound began or ended changed for another reason. */
const mostMs = 2_500;
const leastSamples = 3;
const keptSamples = 15;
const keptSounds = 20;
const shortestTurnMs = 50;

interface Sound {
  from: number;
  to: number;
}

/**
 * Learns how late a page's tiles light up and go dark, which no platform tells: from what was heard before each change.
 * All times are epoch ms by the page's clock.
 */
export class TileLag {
  readonly #sounds: Sound[] = [];
  readonly #lit = new Lags();
  readonly #dark = new Lags();
  readonly #begun = new Map<string, number>();

  /** A stretch of sound that ends at `to`; later ones come later. */
  hear(from: number, to: number): void {
    const last = this.#sounds.at(-1);
    if (last && from - last.to < pauseMs) last.to = to;
    else this.#sounds.push({ from, to });
    if (this.#sounds.length > keptSounds) this.#sounds.shift();
  }

  /** Somebody's tile lit up, `alone` if no other one is lit now: answers when they began to speak. */
  beganAt(id: string, at: number, alone: boolean): number {
    const sound = this.#sounds.findLast(({ from }) => from <= at);
    // Else the sound may be somebody else's.
    if (sound && alone) this.#lit.add(at - sound.from);
    const began = at - this.#lit.usual;
    this.#begun.set(id, began);
    return began;
  }

  /** Their tile went dark: answers when they stopped. */
  endedAt(id: string, at: number): number {
    const last = this.#sounds.at(-1);
    // While somebody is heard, nobody knows when this one stopped.
    if (last && at - last.to > pauseMs) this.#dark.add(at - last.to);
    return Math.max(at - this.#dark.usual, (this.#begun.get(id) ?? 0) + shortestTurnMs);
  }
}

/** The median of the last ones, as soon as there are enough. */
class Lags {
  readonly #samples: number[] = [];

  add(ms: number): void {
    if (ms > mostMs) return;
    this.#samples.push(ms);
    if (this.#samples.length > keptSamples) this.#samples.shift();
  }

  get usual(): number {
    if (this.#samples.length < leastSamples) return 0;
    return this.#samples.toSorted((a, b) => a - b)[Math.floor(this.#samples.length / 2)] ?? 0;
  }
}
