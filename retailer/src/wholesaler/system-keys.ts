/**
 * The keys of our system user at the wholesaler, of which the first is to be used. While keys are being replaced, one of
 * them may not be valid yet, or no more: whoever is refused with one tries the next, which then is the first for all
 * until the list begins with another key.
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

  /** Puts the next key first, unless it has been done since `key` was taken. */
  refused(key: string): void {
    if (this.inOrder()[0] !== key) return;
    const known = this.#known();
    const next = known[(known.indexOf(key) + 1) % known.length];
    if (next !== undefined) this.#preferred = { key: next, first: known[0] };
  }
}
