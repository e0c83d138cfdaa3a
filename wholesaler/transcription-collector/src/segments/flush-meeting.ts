import type { Db } from '@vexa/shared/db/client';
import type { Redis } from 'ioredis';
import { noteChanges } from '../changes/change-log.ts';
import type { SegmentFilter } from '../filters/segment-filter.ts';
import { tryMeetingLock, withMeetingLock } from '../meetings/meeting-lock.ts';
import { forgetMeeting } from '../meetings/purge-meeting.ts';
import { isPurged } from '../meetings/purged-store.ts';
import { redisNowMs } from '../redis/clock.ts';
import { refreshAggregates, sessionsOf } from '../sessions/session-store.ts';
import { readSpeakerTurns } from '../speakers/speaker-store.ts';
import { forgetRevisions, readMutableSegments } from './mutable-store.ts';
import { type FlushPlan, planFlush } from './plan-flush.ts';
import { publishFinalized } from './publish-segments.ts';
import { isFinalRevision } from './revision.ts';
import {
  deleteSegments,
  namelessSegments,
  nameSpeakers,
  putSegments,
  storedSegmentsOfSessions,
} from './segment-store.ts';
import type { MutableSegment } from './stored-segment.ts';
import { namelessSessions, partsOf, speakerOf, type Timeline, toSegments } from './timeline.ts';

export interface FlushDeps {
  db: Db;
  redis: Redis;
  isWorthKeeping: SegmentFilter;
  thresholdMs: number;
  /** Told how many segments were stored, and how long that took. */
  onStored?: (segments: number, seconds: number) => void;
}

type Flushed = { purged: true } | { purged: false; plan: FlushPlan; timeline: Timeline };

/**
 * Moves what is decided from Redis to Postgres. Commit, publish, remove, in this order: ended at any point, the next
 * flush does the rest again with the same result. Waits for its turn; with `final`, drafts are decided too and
 * speakers are written down.
 */
export async function flushMeeting(deps: FlushDeps, meetingId: number, { final = false } = {}): Promise<void> {
  const startedAt = performance.now();
  const flushed = await withMeetingLock(deps.db, meetingId, (tx) => persist(deps, tx, meetingId, final));
  await finish(deps, meetingId, flushed, startedAt);
}

/** The same, or false at once when another collector is just doing it. */
export async function flushMeetingIfFree(deps: FlushDeps, meetingId: number): Promise<boolean> {
  const startedAt = performance.now();
  const flushed = await tryMeetingLock(deps.db, meetingId, (tx) => persist(deps, tx, meetingId, false));
  if (flushed) await finish(deps, meetingId, flushed, startedAt);
  return flushed !== undefined;
}

/** Reads Redis under the lock: what another collector committed before is gone from there or written again alike. */
async function persist(deps: FlushDeps, tx: Db, meetingId: number, final: boolean): Promise<Flushed> {
  if (await isPurged(tx, meetingId)) return { purged: true };
  const sessions = await sessionsOf(tx, meetingId);
  const held = await readMutableSegments(deps.redis, meetingId);
  const { thresholdMs, isWorthKeeping } = deps;
  const drafting = final ? uidsOf(held.filter(({ completed }) => !completed)) : [];
  const stored = await storedSegmentsOfSessions(tx, meetingId, drafting);
  const nowMs = await redisNowMs(deps.redis);
  const plan = planFlush({ held, sessions, nowMs, thresholdMs, final, stored, isWorthKeeping });
  const gone = plan.drop.map(({ segmentId }) => segmentId);
  const changed = await putSegments(tx, meetingId, plan.persist);
  const shrunk = await deleteSegments(tx, meetingId, gone);
  await refreshAggregates(tx, meetingId, [...changed, ...shrunk]);
  const nameless = namelessSessions(plan.persist, sessions);
  const timeline = { sessions, turns: await readSpeakerTurns(deps.redis, meetingId, nameless) };
  if (final) await writeSpeakers(deps, tx, meetingId, timeline);
  return { purged: false, plan, timeline };
}

async function finish(deps: FlushDeps, meetingId: number, flushed: Flushed, startedAt: number): Promise<void> {
  const { redis, onStored } = deps;
  if (flushed.purged) return forgetMeeting(redis, meetingId, []);
  const { plan, timeline } = flushed;
  const done = [...plan.persist, ...plan.drop];
  if (done.length === 0) return;
  await noteChanges(redis, meetingId, changedByFlush(plan));
  const segments = plan.persist.flatMap((segment) => toSegments(segment, timeline));
  await publishFinalized(redis, meetingId, segments);
  await forgetRevisions(redis, meetingId, done);
  onStored?.(plan.persist.length, (performance.now() - startedAt) / 1000);
}

/** A final that moves stays what readers were shown; a draft becomes final, and what is dropped is gone. */
const changedByFlush = ({ persist, drop }: FlushPlan): string[] =>
  [...persist.filter(({ revision }) => !isFinalRevision(revision)), ...drop].map(({ segmentId }) => segmentId);

/** Until here a late speaker event could still change a name, so names that follow from events were not stored. */
async function writeSpeakers({ redis }: FlushDeps, tx: Db, meetingId: number, { sessions }: Timeline): Promise<void> {
  const segments = await namelessSegments(tx, meetingId);
  const turns = await readSpeakerTurns(redis, meetingId, namelessSessions(segments, sessions));
  const timeline = { sessions, turns };
  const named = segments.map((segment) => ({
    segmentId: segment.segmentId,
    speaker: speakerOf(segment, timeline),
    parts: partsOf(segment, timeline) ?? null,
  }));
  await nameSpeakers(
    tx,
    meetingId,
    named.filter(({ speaker, parts }) => speaker !== null || parts !== null),
  );
}

const uidsOf = (segments: MutableSegment[]): string[] => [...new Set(segments.map(({ sessionUid }) => sessionUid))];
