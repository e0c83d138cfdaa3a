import type { Db } from '@vexa/shared/db/client';
import type { Sessions } from './session.ts';
import { sessionsOf } from './session-store.ts';

const freshMs = 1_000;
const maxMeetings = 2_000;

/**
 * Sessions of meetings as they were at most a second ago. Good enough for what live readers are shown; whatever is
 * stored or read by REST asks the database.
 */
export class SessionCache {
  readonly #db: Db;
  readonly #entries = new Map<number, { sessions: Promise<Sessions>; loadedAt: number }>();

  constructor(db: Db) {
    this.#db = db;
  }

  async get(meetingId: number): Promise<Sessions> {
    const known = this.#entries.get(meetingId);
    if (known && performance.now() - known.loadedAt < freshMs) return known.sessions;
    const sessions = sessionsOf(this.#db, meetingId);
    this.#entries.delete(meetingId);
    this.#entries.set(meetingId, { sessions, loadedAt: performance.now() });
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > maxMeetings && !oldest.done) this.#entries.delete(oldest.value);
    try {
      return await sessions;
    } catch (error) {
      this.#entries.delete(meetingId);
      throw error;
    }
  }

  forget(meetingId: number): void {
    this.#entries.delete(meetingId);
  }
}
