import { ModelError } from '../models/model-error.ts';
import { nearestName } from '../models/nearest-name.ts';
import { resolveModelName } from '../models/resolve-model-name.ts';

/** A model that could be loaded: what it will take, and how to load it. */
export interface Prepared<T> {
  bytes: number;
  load(): Promise<T>;
}

export interface PoolOptions<T> {
  /** The models offered, by their own names; the first is the default. */
  names: readonly string[];
  budgetBytes: number;
  /** Puts the model's files in place, fetching them when they are not there. */
  prepare(name: string): Promise<Prepared<T>>;
}

/** A use of a model: while any is held, the model stays loaded. */
export interface Lease<T> extends Disposable {
  readonly model: T;
}

/** Every place in memory is taken by models in use. */
export class PoolFull extends Error {
  constructor(name: string) {
    super(`there is no memory for the model "${name}" while others are in use`);
    this.name = 'PoolFull';
  }
}

interface Place<T> {
  bytes: number;
  model: Promise<T>;
  uses: number;
  lastUsed: number;
}

/**
 * The models one process offers. Each is loaded when it is first asked for and then stays, until the memory budget needs
 * its place for another and nobody uses it; the one unused for longest goes first. One model is loaded whatever it takes.
 */
export class ModelPool<T extends AsyncDisposable> implements AsyncDisposable {
  readonly names: readonly string[];
  readonly #options: PoolOptions<T>;
  readonly #places = new Map<string, Place<T>>();
  /** Loading takes turns, so that two models do not both count on the same free memory. */
  #turn: Promise<unknown> = Promise.resolve();
  #uses = 0;

  constructor(options: PoolOptions<T>) {
    this.names = options.names;
    this.#options = options;
  }

  get defaultName(): string {
    return this.names[0] ?? '';
  }

  /** Names of the models in memory. */
  get loaded(): string[] {
    return [...this.#places.keys()];
  }

  /** The offered model a name stands for: any of the names it goes by. Throws `unknown_model` naming those there are. */
  resolve(wanted: string): string {
    const known = this.#resolve(wanted);
    if (known !== undefined) return known;
    const near = nearestName(wanted, this.names);
    const guess = near ? `; did you mean ${near}?` : '';
    throw new ModelError('unknown_model', `Unknown model "${wanted}"; available: ${this.names.join(', ')}${guess}`);
  }

  /** Loads the model if it is not. Throws `PoolFull`, `unknown_model`, and what preparing and loading throw. */
  async acquire(wanted: string = this.defaultName): Promise<Lease<T>> {
    const name = this.resolve(wanted);
    const open = this.#places.get(name);
    if (open) return this.#lease(name, open);
    const opening = this.#turn.then(() => this.#open(name));
    this.#turn = opening.catch(() => undefined); // told to whoever asked
    return opening;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    const models = [...this.#places.values()].map(({ model }) => model);
    this.#places.clear();
    await Promise.all(models.map(async (model) => (await model)[Symbol.asyncDispose]()));
  }

  #resolve(wanted: string): string | undefined {
    try {
      const name = resolveModelName(wanted, { defaultModel: this.defaultName, imported: this.names });
      return this.names.includes(name) ? name : undefined;
    } catch (error) {
      if (error instanceof ModelError) return undefined;
      throw error;
    }
  }

  async #open(name: string): Promise<Lease<T>> {
    const open = this.#places.get(name);
    if (open) return this.#lease(name, open);
    const { bytes, load } = await this.#options.prepare(name);
    await this.#makeRoom(name, bytes);
    const model = load();
    const place = { bytes, model, uses: 0, lastUsed: this.#uses };
    this.#places.set(name, place);
    return this.#lease(name, place);
  }

  async #lease(name: string, place: Place<T>): Promise<Lease<T>> {
    place.uses += 1;
    let held = true;
    try {
      const model = await place.model;
      return {
        model,
        [Symbol.dispose]: () => {
          if (!held) return;
          held = false;
          this.#uses += 1;
          place.uses -= 1;
          place.lastUsed = this.#uses;
        },
      };
    } catch (error) {
      // A failed start is not kept, so that the next use tries again.
      if (this.#places.get(name) === place) this.#places.delete(name);
      throw error;
    }
  }

  async #makeRoom(name: string, bytes: number): Promise<void> {
    const taken = (): number => [...this.#places.values()].reduce((sum, place) => sum + place.bytes, 0);
    while (this.#places.size > 0 && taken() + bytes > this.#options.budgetBytes) {
      const idle = [...this.#places].filter(([, { uses }]) => uses === 0);
      const [oldest] = idle.toSorted(([, a], [, b]) => a.lastUsed - b.lastUsed);
      if (!oldest) throw new PoolFull(name);
      const [old, place] = oldest;
      this.#places.delete(old);
      await (await place.model)[Symbol.asyncDispose]();
    }
  }
}
