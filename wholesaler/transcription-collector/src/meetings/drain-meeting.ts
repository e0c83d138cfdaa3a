import type { DrainReply } from '@vexa/shared/contracts/internal';
import { streams } from '@vexa/shared/contracts/redis-names';
import { transcriptChecksum } from '@vexa/shared/contracts/transcript';
import { type FlushDeps, flushMeeting } from '../segments/flush-meeting.ts';
import { readMutableSegments } from '../segments/mutable-store.ts';
import { estimatedStartMs } from '../segments/timeline.ts';
import type { SessionCache } from '../sessions/session-cache.ts';
import { endOpenSessions, putOrphanSession, sessionsOf } from '../sessions/session-store.ts';
import { isConsumedUpTo, lastGeneratedId } from '../stream/group.ts';
import { readSegments } from '../transcripts/read-segments.ts';
import { withMeetingLock } from './meeting-lock.ts';
import { isPurged } from './purged-store.ts';

export interface DrainDeps extends FlushDeps {
  sessions: SessionCache;
}

const watched = [streams.segments, streams.speakerEvents];

/**
 * Persists what a meeting left and says whether that is all of it: every session ended, both streams consumed up to
 * the request, nothing held in Redis. `force` ends sessions that never said so. Count and checksum are of exactly what
 * a reader gets now.
 */
export async function drainMeeting(deps: DrainDeps, meetingId: number, force: boolean): Promise<DrainReply> {
  const ends = await Promise.all(
    watched.map(async (stream) => [stream, await lastGeneratedId(deps.redis, stream)] as const),
  );
  if (force) await closeSessions(deps, meetingId);
  const consumed = await Promise.all(ends.map(([stream, id]) => isConsumedUpTo(deps.redis, stream, id)));
  // Only after the streams: a session in an entry that is consumed by now has its row.
  const open = await openSessions(deps, meetingId);
  const complete = open.length === 0 && consumed.every(Boolean);
  await flushMeeting(deps, meetingId, { final: complete });
  const { segments, sessions } = await readSegments(deps, meetingId);
  const left = await readMutableSegments(deps.redis, meetingId);
  const sum = (pick: 'audioSeconds' | 'speechSeconds') =>
    [...sessions.values()].reduce((total, session) => total + session[pick], 0);
  return {
    drained: complete && left.length === 0,
    open_sessions: open,
    segment_count: segments.length,
    checksum: transcriptChecksum(segments),
    audio_seconds: sum('audioSeconds'),
    speech_seconds: sum('speechSeconds'),
  };
}

/** Sessions that have not ended, and those known only by their words. A purged meeting waits for nobody. */
async function openSessions({ db, redis }: DrainDeps, meetingId: number): Promise<string[]> {
  if (await isPurged(db, meetingId)) return [];
  const held = await readMutableSegments(redis, meetingId);
  const sessions = await sessionsOf(db, meetingId);
  const orphans = held.map(({ sessionUid }) => sessionUid).filter((uid) => !sessions.has(uid));
  const open = [...sessions.values()].filter(({ ended }) => !ended).map(({ uid }) => uid);
  return [...new Set([...open, ...orphans])].sort();
}

async function closeSessions({ db, redis, sessions }: DrainDeps, meetingId: number): Promise<void> {
  const now = new Date();
  await withMeetingLock(db, meetingId, async (tx) => {
    if (await isPurged(tx, meetingId)) return;
    const held = await readMutableSegments(redis, meetingId);
    const earliestFirst = held.toSorted((a, b) => estimatedStartMs(a) - estimatedStartMs(b));
    for (const segment of earliestFirst) {
      const startTime = new Date(estimatedStartMs(segment));
      await putOrphanSession(tx, { meetingId, uid: segment.sessionUid, startTime, endedAt: now });
    }
    await endOpenSessions(tx, meetingId, now);
  });
  sessions.forget(meetingId);
}
