import type { Logger } from '@vexa/shared/logging';
import { readAgain, type SecretSource } from './secret-source.ts';

export const rereadEveryMs = 10_000;

/**
 * Secrets that may be replaced while we run: a file is read again every 10 s, which also sees a mounted Kubernetes or
 * Docker secret change. A file that became unusable changes nothing and is told once.
 */
export class RotatingSecrets implements Disposable {
  readonly #source: SecretSource;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #listeners: ((values: readonly string[]) => void)[] = [];
  #values: readonly string[];
  #isUsable = true;

  constructor(source: SecretSource, logger: Logger, everyMs = rereadEveryMs) {
    this.#source = source;
    this.#logger = logger;
    this.#values = source.values;
    if (source.file !== undefined) this.#timer = setInterval(() => this.#reread(), everyMs).unref();
  }

  /** The first is the one to use; the others are still, or already, valid. */
  get values(): readonly string[] {
    return this.#values;
  }

  onChange(listener: (values: readonly string[]) => void): void {
    this.#listeners.push(listener);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #reread(): void {
    const { name, file } = this.#source;
    const values = readAgain(this.#source);
    if (!values) {
      if (this.#isUsable) this.#logger.error({ secret: name, file }, 'no usable secret in the file: the old ones stay');
      this.#isUsable = false;
      return;
    }
    this.#isUsable = true;
    if (values.length === this.#values.length && values.every((value, i) => value === this.#values[i])) return;
    this.#values = values;
    this.#logger.info({ secret: name, count: values.length }, 'secrets were replaced');
    for (const listener of this.#listeners) listener(values);
  }
}
