/** One event of a session's timeline. */
export interface SpeakerMark {
  type: 'SPEAKER_START' | 'SPEAKER_END';
  participantId: string;
  /** Empty while the page showed no name. */
  name: string;
  atMs: number;
}

/** From when to when, in seconds of the session, somebody spoke. */
export interface SpeakerTurn {
  participantId: string;
  /** Null for somebody whose name was never shown. */
  name: string | null;
  from: number;
  to: number;
}

/**
 * The turns of a session, in the order of their beginnings. One without an end is still going on. A name that changed
 * counts from then on; a turn from before somebody's name was known gets the first one they were seen with.
 */
export function turnsOf(marks: readonly SpeakerMark[]): SpeakerTurn[] {
  const ordered = [...marks].sort((a, b) => a.atMs - b.atMs || rank(a) - rank(b));
  const firstNames = new Map<string, string>();
  for (const { participantId, name } of ordered) {
    if (name && !firstNames.has(participantId)) firstNames.set(participantId, name);
  }
  const open = new Map<string, SpeakerTurn>();
  const turns: SpeakerTurn[] = [];
  for (const { type, participantId, name: shown, atMs } of ordered) {
    const turn = open.get(participantId);
    if (type === 'SPEAKER_START') {
      if (turn) continue;
      const name = shown || (firstNames.get(participantId) ?? null);
      const begun = { participantId, name, from: atMs / 1000, to: Number.POSITIVE_INFINITY };
      open.set(participantId, begun);
      turns.push(begun);
    } else if (turn) {
      turn.to = atMs / 1000;
      open.delete(participantId);
    }
  }
  return turns;
}

// An end and a new start of the same instant: the old turn closes first.
const rank = ({ type }: SpeakerMark): number => (type === 'SPEAKER_END' ? 0 : 1);

/**
 * Who spoke most between `start` and `end` (seconds of the session), or null when nobody is known to have. A turn
 * that began before the segment counts.
 */
export function whoSpoke(turns: readonly SpeakerTurn[], { start, end }: { start: number; end: number }): string | null {
  const spoken = new Map<string | null, number>();
  for (const turn of turns) {
    const overlap = overlapOf(turn, { start, end });
    if (overlap > 0) spoken.set(turn.name, (spoken.get(turn.name) ?? 0) + overlap);
  }
  const ranked = [...spoken].sort(([a, mine], [b, theirs]) => theirs - mine || ((a ?? '') < (b ?? '') ? -1 : 1));
  return ranked[0]?.[0] ?? null;
}

/** Seconds that both have in common; negative: how far they are apart. */
export const overlapOf = (turn: SpeakerTurn, { start, end }: { start: number; end: number }): number =>
  Math.min(turn.to, end) - Math.max(turn.from, start);
