/** One audio stream of a meeting. */
export interface Session {
  uid: string;
  /** Wall clock of its first audio sample, ms since the epoch. */
  startMs: number;
  speaker: string | null;
  ended: boolean;
  /** A later session took over from this second on. */
  supersededFrom: number | null;
  audioSeconds: number;
  speechSeconds: number;
  /** End of the last word that is stored, seconds of the session. */
  storedUntil: number;
}

export type Sessions = ReadonlyMap<string, Session>;

// The two sessions measure the same moment by their own clocks; words are further apart than this.
const borderSeconds = 0.05;

/** Whether a later session says these words again: drafts, and what starts where the later session took over. */
export const isVoid = (session: Session | undefined, segment: { start: number; completed: boolean }): boolean =>
  session !== undefined &&
  session.supersededFrom !== null &&
  (!segment.completed || segment.start >= voidFrom(session.supersededFrom));

/** The first second of a session that is void. */
export const voidFrom = (supersededFrom: number): number => supersededFrom - borderSeconds;
