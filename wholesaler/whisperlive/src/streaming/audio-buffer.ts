const initialCapacity = 16_000;
/** Dropping moves what is kept, so it is done a second at a time: per window it would cost the square of a backlog. */
const dropStep = 16_000;

/** The samples of a stream that are still needed, addressed by their position since the stream's first sample. */
export class AudioBuffer {
  #samples = new Float32Array(initialCapacity);
  #start = 0;
  #length = 0;

  /** Position just after the newest sample. */
  get end(): number {
    return this.#start + this.#length;
  }

  get length(): number {
    return this.#length;
  }

  append(samples: Float32Array): void {
    const needed = this.#length + samples.length;
    if (needed > this.#samples.length) {
      const grown = new Float32Array(Math.max(needed, this.#samples.length * 2));
      grown.set(this.#samples.subarray(0, this.#length));
      this.#samples = grown;
    }
    this.#samples.set(samples, this.#length);
    this.#length = needed;
  }

  /** A copy of the samples from `from` up to `to`; what was dropped or has not come is left out. */
  slice(from: number, to: number): Float32Array {
    return this.#samples.slice(this.#index(from), this.#index(to));
  }

  /** The same without a copy: valid only until the next `append` or `dropBefore`. */
  view(from: number, to: number): Float32Array {
    return this.#samples.subarray(this.#index(from), this.#index(to));
  }

  /** Samples before `position` are not needed any more; up to a second of them may stay a while. */
  dropBefore(position: number): void {
    const count = this.#index(position);
    if (count < dropStep) return;
    this.#samples.copyWithin(0, count, this.#length);
    this.#start += count;
    this.#length -= count;
    if (this.#length * 4 < this.#samples.length && this.#samples.length > initialCapacity) {
      this.#samples = this.#samples.slice(0, Math.max(this.#length * 2, initialCapacity));
    }
  }

  #index(position: number): number {
    return Math.min(Math.max(position - this.#start, 0), this.#length);
  }
}
