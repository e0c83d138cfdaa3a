import { audioSampleRate } from '@vexa/shared/contracts/audio';

/** Below this a difference is the noise of measuring it. */
const toleranceMs = 100;
/** Pieces come late when the page is busy, so the truth is the earliest of so many milliseconds. */
const windowMs = 5_000;
/** More than this is no drift: the page stood still, or its clock was set. */
const longestMs = 5_000;

/**
 * Keeps a stream's time the wall clock's: its samples are counted by the clock of the page's audio, which runs a little
 * fast or slow and stands still when the page does. What is missing is made up with silence, what is too much is taken
 * away, both where nobody speaks.
 */
export class TrackClock {
  readonly #startedAt: number;
  #samples = 0;
  #window: { since: number; least: number };
  #before = Number.POSITIVE_INFINITY;

  /** @param startedAt epoch ms of the first sample */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
    this.#window = { since: startedAt, least: Number.POSITIVE_INFINITY };
  }

  /**
   * Told of each piece before it is sent. Answers how much silence has to come before it, in samples; negative: how much
   * of the piece has to be left out; undefined: time has jumped, and what comes now belongs to another stream.
   */
  follow(at: number, samples: number, isQuiet: boolean): number | undefined {
    const behindMs = at - this.#startedAt - ((this.#samples + samples) / audioSampleRate) * 1000;
    this.#note(at, behindMs);
    const drift = Math.min(this.#before, this.#window.least);
    const wanted = isQuiet && this.#before !== Number.POSITIVE_INFINITY && Math.abs(drift) > toleranceMs ? drift : 0;
    if (Math.abs(wanted) > longestMs) return undefined;
    const correction = Math.max(-samples, Math.round((wanted / 1000) * audioSampleRate));
    this.#samples += samples + correction;
    this.#shift((correction / audioSampleRate) * 1000);
    return correction;
  }

  #note(at: number, behindMs: number): void {
    if (at - this.#window.since >= windowMs) {
      this.#before = this.#window.least;
      this.#window = { since: at, least: behindMs };
    } else {
      this.#window.least = Math.min(this.#window.least, behindMs);
    }
  }

  #shift(ms: number): void {
    this.#before -= ms;
    this.#window.least -= ms;
  }
}
