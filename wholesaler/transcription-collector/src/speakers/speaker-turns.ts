/** One event of a session's timeline. */
export interface SpeakerMark {
  type: 'SPEAKER_START' | 'SPEAKER_END';
  participantId: string;
  name: string;
  atMs: number;
}

interface Turn {
  name: string;
  from: number;
  to: number;
}

/**
 * Who spoke most between `start` and `end` (seconds of the session), or null when nobody is known to have. A turn
 * that began before the segment counts, and one without an end is still going on.
 */
export function whoSpoke(marks: readonly SpeakerMark[], { start, end }: { start: number; end: number }): string | null {
  const spoken = new Map<string, number>();
  for (const turn of turnsOf(marks)) {
    const overlap = Math.min(turn.to, end) - Math.max(turn.from, start);
    if (overlap > 0) spoken.set(turn.name, (spoken.get(turn.name) ?? 0) + overlap);
  }
  const ranked = [...spoken].sort(([a, mine], [b, theirs]) => theirs - mine || (a < b ? -1 : 1));
  return ranked[0]?.[0] ?? null;
}

function turnsOf(marks: readonly SpeakerMark[]): Turn[] {
  const ordered = [...marks].sort((a, b) => a.atMs - b.atMs || rank(a) - rank(b));
  const open = new Map<string, { name: string; from: number }>();
  const turns: Turn[] = [];
  for (const { type, participantId, name, atMs } of ordered) {
    const turn = open.get(participantId);
    if (type === 'SPEAKER_START') {
      if (!turn) open.set(participantId, { name, from: atMs / 1000 });
    } else if (turn) {
      turns.push({ ...turn, to: atMs / 1000 });
      open.delete(participantId);
    }
  }
  return [...turns, ...[...open.values()].map((turn) => ({ ...turn, to: Number.POSITIVE_INFINITY }))];
}

// An end and a new start of the same instant: the old turn closes first.
const rank = ({ type }: SpeakerMark): number => (type === 'SPEAKER_END' ? 0 : 1);
