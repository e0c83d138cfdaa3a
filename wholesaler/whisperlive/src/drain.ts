const longestHandOverSeconds = 10;

/**
 * The orderly end of a service's work: nothing new is taken, what there is may go on, then streams are handed over in a
 * pause. What is left when the grace is over is for the caller to stop.
 */
export class Drain {
  /** In this last part of the grace streams are handed over. */
  readonly handOverSeconds: number;
  readonly #graceSeconds: number;
  readonly #begun = new AbortController();
  readonly #handingOver = new AbortController();
  readonly #idle = Promise.withResolvers<void>();
  #pieces = 0;

  constructor(graceSeconds: number) {
    this.#graceSeconds = graceSeconds;
    this.handOverSeconds = Math.min(longestHandOverSeconds, graceSeconds / 2);
  }

  /** Aborted once nothing new is taken. */
  get begun(): AbortSignal {
    return this.#begun.signal;
  }

  /** Aborted once every stream that makes a pause is to go. */
  get handingOver(): AbortSignal {
    return this.#handingOver.signal;
  }

  /** Counts a piece of work until it is disposed of. */
  take(): Disposable {
    this.#pieces += 1;
    return {
      [Symbol.dispose]: () => {
        this.#pieces -= 1;
        this.#tellIfIdle();
      },
    };
  }

  /** Resolves when all work is done, or when the grace is over. */
  async run(): Promise<void> {
    this.#begun.abort();
    this.#tellIfIdle();
    await this.#idleWithin(this.#graceSeconds - this.handOverSeconds);
    this.#handingOver.abort();
    await this.#idleWithin(this.handOverSeconds);
  }

  #tellIfIdle(): void {
    if (this.#pieces === 0 && this.#begun.signal.aborted) this.#idle.resolve();
  }

  async #idleWithin(seconds: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, seconds * 1000);
    await Promise.race([this.#idle.promise, late.promise]);
    clearTimeout(timer);
  }
}
