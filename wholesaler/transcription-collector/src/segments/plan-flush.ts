import type { SegmentFilter } from '../filters/segment-filter.ts';
import { isVoid, type Sessions } from '../sessions/session.ts';
import type { MutableSegment, StoredSegment } from './stored-segment.ts';

interface FlushInput {
  held: readonly MutableSegment[];
  sessions: Sessions;
  nowMs: number;
  thresholdMs: number;
  /** Nothing more is to come: drafts of ended sessions are decided too. */
  final: boolean;
  /** Segments of the same sessions that are immutable already. */
  stored: readonly StoredSegment[];
  isWorthKeeping: SegmentFilter;
}

export interface FlushPlan {
  persist: MutableSegment[];
  drop: MutableSegment[];
}

/**
 * What becomes of each held segment: immutable, dropped, or held on. Finals become immutable with age or the end of
 * their session; a draft only when nothing more is to come and no final says its words, because somebody heard them.
 * Words of a session without a row wait for it, since nobody could say when they were spoken.
 */
export function planFlush(input: FlushInput): FlushPlan {
  const plan: FlushPlan = { persist: [], drop: [] };
  for (const segment of input.held) {
    const session = input.sessions.get(segment.sessionUid);
    if (!session) continue;
    if (isVoid(session, segment)) {
      plan.drop.push(segment);
      continue;
    }
    const aged = segment.completed && input.nowMs - segment.receivedAtMs >= input.thresholdMs;
    const decided = session.ended && (segment.completed || input.final);
    if (!aged && !decided) continue;
    const redundant = !segment.completed && isCovered(segment, input);
    if (redundant || !input.isWorthKeeping(segment)) plan.drop.push(segment);
    else plan.persist.push({ ...segment, completed: true });
  }
  return plan;
}

const toleranceSeconds = 0.1;

function isCovered(draft: MutableSegment, { held, stored }: FlushInput): boolean {
  const finals = [...held.filter(({ completed }) => completed), ...stored].filter(
    ({ sessionUid, segmentId }) => sessionUid === draft.sessionUid && segmentId !== draft.segmentId,
  );
  const covered = finals.map(({ start, end }) => Math.min(end, draft.end) - Math.max(start, draft.start));
  const seconds = covered.reduce((sum, overlap) => sum + Math.max(0, overlap), 0);
  return finals.length > 0 && seconds >= draft.end - draft.start - toleranceSeconds;
}
