import type { Generated } from './decode.ts';

/** A row that waits to be generated. */
export interface WaitingRow<Row> {
  row: Row;
  /** Positions of its audio. */
  size: number;
}

interface Entry<Row> extends WaitingRow<Row> {
  resolve: (result: Generated) => void;
  reject: (error: unknown) => void;
}

export interface BatchLimits {
  maxRows: number;
  /** Rows times positions of the largest: the arena keeps what the largest batch took, some 60 kB a position for base. */
  maxPositions: number;
  /** How much larger than the smallest the largest row may be, since every row pays for the largest. */
  maxRatio: number;
}

export const batchLimits: BatchLimits = { maxRows: 16, maxPositions: 6000, maxRatio: 1.6 };

/**
 * Gives a model's work to its sessions one call at a time: whatever asks for `alone` (encoding, aligning) first, and when
 * nothing does, the rows that wait, as few batches as the limits allow. Jobs that are decoded side by side so meet in the
 * same batches without knowing of each other.
 */
export class Batcher<Row> {
  readonly #generate: (rows: readonly Row[]) => Promise<readonly Generated[]>;
  readonly #limits: BatchLimits;
  readonly #onBatch: (rows: number) => void;
  readonly #calls: (() => Promise<void>)[] = [];
  #rows: Entry<Row>[] = [];
  #busy = false;

  constructor(
    generate: (rows: readonly Row[]) => Promise<readonly Generated[]>,
    {
      limits = batchLimits,
      onBatch = () => undefined,
    }: { limits?: BatchLimits; onBatch?: (rows: number) => void } = {},
  ) {
    this.#generate = generate;
    this.#limits = limits;
    this.#onBatch = onBatch;
  }

  alone<T>(call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#calls.push(() => call().then(resolve, reject));
      void this.#work();
    });
  }

  generate(waiting: WaitingRow<Row>): Promise<Generated> {
    return new Promise((resolve, reject) => {
      this.#rows.push({ ...waiting, resolve, reject });
      void this.#work();
    });
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    // What just became free to go on gets the time to ask for its next call.
    await turnOfTheLoop();
    while (this.#calls.length + this.#rows.length > 0) {
      const call = this.#calls.shift();
      if (call) await call();
      else await this.#run(this.#take());
      await turnOfTheLoop();
    }
    this.#busy = false;
  }

  /** The row that waited longest and those nearest to it in size. */
  #take(): Entry<Row>[] {
    const { maxRows, maxPositions, maxRatio } = this.#limits;
    const [first, ...others] = this.#rows;
    if (!first) return [];
    const near = (size: number): number => Math.abs(Math.log(size / first.size));
    const batch = [first];
    for (const entry of others.toSorted((a, b) => near(a.size) - near(b.size))) {
      const sizes = [...batch, entry].map(({ size }) => size);
      const largest = Math.max(...sizes);
      if (sizes.length > maxRows || sizes.length * largest > maxPositions) break;
      if (largest / Math.min(...sizes) > maxRatio) break;
      batch.push(entry);
    }
    this.#rows = this.#rows.filter((entry) => !batch.includes(entry));
    return batch;
  }

  async #run(batch: readonly Entry<Row>[]): Promise<void> {
    this.#onBatch(batch.length);
    try {
      const results = await this.#generate(batch.map(({ row }) => row));
      for (const [i, { resolve, reject }] of batch.entries()) {
        const result = results[i];
        if (result) resolve(result);
        else reject(new Error(`a batch of ${batch.length} rows gave ${results.length} results`));
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
