import { bySpokenOrder, type Segment } from '@vexa/shared/contracts/transcript';
import type { Db } from '@vexa/shared/db/client';
import type { Redis } from 'ioredis';
import type { SegmentFilter } from '../filters/segment-filter.ts';
import { isPurged } from '../meetings/purged-store.ts';
import { readMutableSegments } from '../segments/mutable-store.ts';
import { storedSegments } from '../segments/segment-store.ts';
import { namelessSessions, toSegment } from '../segments/timeline.ts';
import { isVoid, type Sessions } from '../sessions/session.ts';
import { sessionsOf } from '../sessions/session-store.ts';
import { readSpeakerMarks } from '../speakers/speaker-store.ts';

export interface ReadDeps {
  db: Db;
  redis: Redis;
  isWorthKeeping: SegmentFilter;
}

/**
 * Everything said in a meeting, in spoken order. Redis is read before Postgres and a segment leaves Redis only after
 * it is committed: one that moves meanwhile is seen in both, counts once, and Postgres is right.
 */
export async function readSegments(
  deps: ReadDeps,
  meetingId: number,
): Promise<{ segments: Segment[]; sessions: Sessions }> {
  const held = await readMutableSegments(deps.redis, meetingId);
  const snapshot = await deps.db.transaction(
    async (tx) => {
      if (await isPurged(tx, meetingId)) return undefined;
      return { stored: await storedSegments(tx, meetingId), sessions: await sessionsOf(tx, meetingId) };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
  if (!snapshot) return { segments: [], sessions: new Map() };
  const { stored, sessions } = snapshot;
  const immutable = new Set(stored.map(({ segmentId }) => segmentId));
  const live = held.filter(
    (segment) =>
      !immutable.has(segment.segmentId) &&
      !isVoid(sessions.get(segment.sessionUid), segment) &&
      deps.isWorthKeeping(segment),
  );
  const all = [...stored, ...live];
  const timeline = { sessions, marks: await readSpeakerMarks(deps.redis, meetingId, namelessSessions(all, sessions)) };
  return { segments: all.map((segment) => toSegment(segment, timeline)).sort(bySpokenOrder), sessions };
}
