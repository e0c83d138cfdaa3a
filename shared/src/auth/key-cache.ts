import { createHash } from 'node:crypto';
import type { Identity } from '../contracts/internal.ts';

/** Somebody known, with whatever else a product needs of them. */
export interface Authenticated {
  identity: Identity;
}

interface Options<A> {
  lookUp: (key: string) => Promise<A | undefined>;
  maxAgeMs?: number;
  maxKeys?: number;
  now?: () => number;
}

interface Entry<A> {
  found: A;
  expiresAt: number;
}

/**
 * Remembers whom a key stands for, at most 30 s and 10,000 keys; only keys that are known, under their hash. Many
 * who ask for the same key at once cause one look-up.
 */
export class KeyCache<A extends Authenticated = Authenticated> {
  readonly #options: Required<Options<A>>;
  readonly #entries = new Map<string, Entry<A>>();
  readonly #underWay = new Map<string, Promise<A | undefined>>();
  /** Counts what was forgotten: an answer that was asked for before a change must not be remembered after it. */
  #changes = 0;

  constructor(options: Options<A>) {
    this.#options = { maxAgeMs: 30_000, maxKeys: 10_000, now: () => performance.now(), ...options };
  }

  /** Whom a key is remembered to stand for. */
  remembered(key: string): A | undefined {
    return this.#fresh(nameOf(key))?.found;
  }

  async authenticate(key: string): Promise<A | undefined> {
    const name = nameOf(key);
    const entry = this.#fresh(name);
    if (entry) return entry.found;
    const underWay = this.#underWay.get(name);
    if (underWay) return underWay;
    const lookUp = this.#lookUp(name, key).finally(() => {
      if (this.#underWay.get(name) === lookUp) this.#underWay.delete(name);
    });
    this.#underWay.set(name, lookUp);
    return lookUp;
  }

  /** Forgets what is known of one user. */
  forgetUser(userId: number): void {
    this.#changes += 1;
    this.#underWay.clear();
    for (const [name, { found }] of this.#entries) if (found.identity.user_id === userId) this.#entries.delete(name);
  }

  forgetAll(): void {
    this.#changes += 1;
    this.#underWay.clear();
    this.#entries.clear();
  }

  #fresh(name: string): Entry<A> | undefined {
    const entry = this.#entries.get(name);
    return entry && entry.expiresAt > this.#options.now() ? entry : undefined;
  }

  async #lookUp(name: string, key: string): Promise<A | undefined> {
    const { lookUp, maxAgeMs, maxKeys, now } = this.#options;
    const changes = this.#changes;
    const expiresAt = now() + maxAgeMs;
    const found = await lookUp(key);
    this.#entries.delete(name);
    if (found && changes === this.#changes) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined && this.#entries.size >= maxKeys) this.#entries.delete(oldest);
      this.#entries.set(name, { found, expiresAt });
    }
    return found;
  }
}

const nameOf = (key: string): string => createHash('sha256').update(key).digest('base64');
