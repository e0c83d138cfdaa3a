/**
 * The keys of our system user at the wholesaler, of which the first is to be used. While keys are being replaced, one of
 * them may not be valid yet, or no more: whoever is refused with one tries the next, and what works is kept to until
 * there is another first key.
 */
export class SystemKeys {
  readonly #known: () => readonly string[];
  #preferred: { key: string; first: string | undefined } | undefined;

  constructor(known: () => readonly string[]) {
    this.#known = known;
  }

  /** All keys, in the order in which they are to be tried. */
  inOrder(): string[] {
    const known = this.#known();
    const preferred = this.#preferred;
    if (!preferred || preferred.first !== known[0] || !known.includes(preferred.key)) return [...known];
    return [preferred.key, ...known.filter((key) => key !== preferred.key)];
  }

  worked(key: string): void {
    this.#preferred = { key, first: this.#known()[0] };
  }

  /** Puts the next key first, if there is another. */
  refused(key: string): void {
    const known = this.#known();
    const next = known[(known.indexOf(key) + 1) % known.length];
    if (next !== undefined) this.#preferred = { key: next, first: known[0] };
  }
}
