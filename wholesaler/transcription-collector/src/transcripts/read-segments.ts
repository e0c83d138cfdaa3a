import { bySpokenOrder, type Segment } from '@vexa/shared/contracts/transcript';
import type { Db } from '@vexa/shared/db/client';
import type { Cursor } from '@vexa/shared/transcripts/cursor';
import type { Redis } from 'ioredis';
import { readChanges } from '../changes/change-log.ts';
import type { SegmentFilter } from '../filters/segment-filter.ts';
import { isPurged } from '../meetings/purged-store.ts';
import { readMutableSegments, readMutableSegmentsById } from '../segments/mutable-store.ts';
import { storedSegments, storedSegmentsById } from '../segments/segment-store.ts';
import type { MutableSegment, StoredSegment } from '../segments/stored-segment.ts';
import { namelessSessions, toSegments } from '../segments/timeline.ts';
import { isVoid, type Sessions } from '../sessions/session.ts';
import { sessionsOf } from '../sessions/session-store.ts';
import { readSpeakerTurns } from '../speakers/speaker-store.ts';

export interface ReadDeps {
  db: Db;
  redis: Redis;
  isWorthKeeping: SegmentFilter;
}

interface Read {
  segments: Segment[];
  sessions: Sessions;
}

/**
 * Everything said in a meeting, in spoken order. Redis is read before Postgres and a segment leaves Redis only after
 * it is committed: one that moves meanwhile is seen in both, counts once, and Postgres is right.
 */
export const readSegments = async (deps: ReadDeps, meetingId: number): Promise<Read> =>
  merge(deps, meetingId, {
    held: await readMutableSegments(deps.redis, meetingId),
    stored: (tx) => storedSegments(tx, meetingId),
  });

export interface ChangedSegments {
  segments: Segment[];
  /** Where to go on from. */
  cursor: Cursor;
  /** True when `segments` holds only what changed since the given cursor. */
  partial: boolean;
}

/**
 * What changed after a cursor, or everything when that cannot be told (or without one). A segment that is gone comes
 * with an empty text. What changes while this reads is told now or the next time, maybe both times.
 */
export async function readChangedSegments(
  deps: ReadDeps,
  meetingId: number,
  since: Cursor | undefined,
): Promise<ChangedSegments> {
  const { cursor, changed } = await readChanges(deps.redis, meetingId, since);
  if (!changed) return { segments: (await readSegments(deps, meetingId)).segments, cursor, partial: false };
  if (changed.length === 0) return { segments: [], cursor, partial: true };
  const { segments } = await merge(deps, meetingId, {
    held: await readMutableSegmentsById(deps.redis, meetingId, changed),
    stored: (tx) => storedSegmentsById(tx, meetingId, changed),
  });
  const present = new Set(segments.map(({ segment_id }) => segment_id));
  const gone = changed.filter((id) => !present.has(id)).map(goneSegment);
  return { segments: [...segments, ...gone], cursor, partial: true };
}

interface Parts {
  held: MutableSegment[];
  stored: (tx: Db) => Promise<StoredSegment[]>;
}

async function merge(deps: ReadDeps, meetingId: number, parts: Parts): Promise<Read> {
  const snapshot = await deps.db.transaction(
    async (tx) => {
      if (await isPurged(tx, meetingId)) return undefined;
      return { stored: await parts.stored(tx), sessions: await sessionsOf(tx, meetingId) };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
  if (!snapshot) return { segments: [], sessions: new Map() };
  const { stored, sessions } = snapshot;
  const immutable = new Set(stored.map(({ segmentId }) => segmentId));
  const live = parts.held.filter(
    (segment) =>
      !immutable.has(segment.segmentId) &&
      !isVoid(sessions.get(segment.sessionUid), segment) &&
      deps.isWorthKeeping(segment),
  );
  const all = [...stored, ...live];
  const timeline = { sessions, turns: await readSpeakerTurns(deps.redis, meetingId, namelessSessions(all, sessions)) };
  return { segments: all.flatMap((segment) => toSegments(segment, timeline)).sort(bySpokenOrder), sessions };
}

const goneSegment = (segmentId: string): Segment => ({
  segment_id: segmentId,
  start: 0,
  end: 0,
  text: '',
  language: null,
  speaker: null,
  session_uid: segmentId.slice(0, segmentId.lastIndexOf(':')),
  completed: true,
  created_at: null,
  updated_at: null,
  absolute_start_time: null,
  absolute_end_time: null,
});
