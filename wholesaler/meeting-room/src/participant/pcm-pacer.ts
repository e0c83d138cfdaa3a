/** 10 ms of 16 kHz mono. */
export const frameSamples = 160;
export const sampleRate = 16_000;
const frameMs = 10;
/** After a stall longer than this the clock starts anew instead of sending the whole stall at once. */
const maxCatchUpMs = 500;

interface Utterance {
  samples: Int16Array;
  offset: number;
  startedAt: number | undefined;
  done: (times: { startedAt: number; endedAt: number }) => void;
  fail: (error: Error) => void;
}

/**
 * Hands out audio frame by frame in real time: what was asked to be spoken, silence between. The clock is absolute,
 * so timer jitter never adds up to drift.
 */
export class PcmPacer implements Disposable {
  readonly #emit: (frame: Int16Array) => void;
  readonly #queue: Utterance[] = [];
  #timer: NodeJS.Timeout | undefined;
  #startedAt = performance.now();
  #framesSent = 0;

  constructor(emit: (frame: Int16Array) => void) {
    this.#emit = emit;
    this.#schedule();
  }

  /** Speaks after everything asked before. Resolves when the last sample has gone out; times are epoch ms. */
  speak(samples: Int16Array): Promise<{ startedAt: number; endedAt: number }> {
    if (!this.#timer) return Promise.reject(new Error('The participant has left.'));
    const { promise, resolve, reject } = Promise.withResolvers<{ startedAt: number; endedAt: number }>();
    this.#queue.push({ samples, offset: 0, startedAt: undefined, done: resolve, fail: reject });
    return promise;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { fail } of this.#queue.splice(0)) fail(new Error('The participant left before the end of the speech.'));
  }

  #schedule(): void {
    const dueInMs = this.#startedAt + (this.#framesSent + 1) * frameMs - performance.now();
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, dueInMs));
  }

  #tick(): void {
    const elapsedMs = performance.now() - this.#startedAt;
    const behindMs = elapsedMs - this.#framesSent * frameMs;
    if (behindMs > maxCatchUpMs) this.#startedAt += behindMs - frameMs;
    const due = Math.floor((performance.now() - this.#startedAt) / frameMs);
    while (this.#framesSent < due) {
      this.#emit(this.#nextFrame());
      this.#framesSent += 1;
    }
    this.#schedule();
  }

  #nextFrame(): Int16Array {
    const frame = new Int16Array(frameSamples);
    const current = this.#queue[0];
    if (!current) return frame;
    current.startedAt ??= Date.now();
    frame.set(current.samples.subarray(current.offset, current.offset + frameSamples));
    current.offset += frameSamples;
    if (current.offset >= current.samples.length) {
      this.#queue.shift();
      current.done({ startedAt: current.startedAt, endedAt: Date.now() });
    }
    return frame;
  }
}
