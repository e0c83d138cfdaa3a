/**
 * Work of one user after the other, of different users side by side. Who waits here for a user holds no connection
 * to the database, so that a burst of one leaves connections for all others.
 */
export class Turns {
  readonly #last = new Map<number, Promise<void>>();

  async take<T>(userId: number, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(userId) ?? Promise.resolve();
    const mine = Promise.withResolvers<void>();
    this.#last.set(userId, mine.promise);
    await before;
    try {
      return await work();
    } finally {
      mine.resolve();
      if (this.#last.get(userId) === mine.promise) this.#last.delete(userId);
    }
  }
}
