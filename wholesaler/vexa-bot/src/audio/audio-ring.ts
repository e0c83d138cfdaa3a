/** The last samples of a stream, addressed by their position since its start. */
export class AudioRing {
  readonly #samples: Int16Array;
  #end = 0;

  constructor(capacity: number) {
    this.#samples = new Int16Array(capacity);
  }

  /** Position of the oldest sample still kept. */
  get start(): number {
    return Math.max(0, this.#end - this.#samples.length);
  }

  /** Position after the newest sample. */
  get end(): number {
    return this.#end;
  }

  append(samples: Int16Array): void {
    const kept = samples.subarray(Math.max(0, samples.length - this.#samples.length));
    const at = (this.#end + samples.length - kept.length) % this.#samples.length;
    const head = kept.subarray(0, this.#samples.length - at);
    this.#samples.set(head, at);
    this.#samples.set(kept.subarray(head.length), 0);
    this.#end += samples.length;
  }

  /** A copy of up to `count` samples from a position that must still be kept. */
  read(from: number, count: number): Int16Array {
    if (from < this.start || from > this.#end) throw new RangeError(`Position ${from} is not kept.`);
    const length = Math.min(count, this.#end - from);
    const copy = new Int16Array(length);
    const at = from % this.#samples.length;
    const head = this.#samples.subarray(at, at + length);
    copy.set(head);
    copy.set(this.#samples.subarray(0, length - head.length), head.length);
    return copy;
  }
}
