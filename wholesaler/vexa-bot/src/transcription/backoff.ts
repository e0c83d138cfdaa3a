interface BackoffOptions {
  firstMs: number;
  maxMs: number;
  random?: () => number;
}

/** Waits that double from `firstMs` to `maxMs`, each shortened by up to half so that many bots do not return at once. */
export function createBackoff({ firstMs, maxMs, random = Math.random }: BackoffOptions) {
  let tries = 0;
  return {
    next(): number {
      const fullMs = Math.min(maxMs, firstMs * 2 ** Math.min(tries, 20));
      tries += 1;
      return fullMs * (0.5 + random() / 2);
    },
    reset(): void {
      tries = 0;
    },
  };
}
