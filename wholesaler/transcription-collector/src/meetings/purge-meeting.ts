import { keys } from '@vexa/shared/contracts/redis-names';
import type { Db } from '@vexa/shared/db/client';
import { deleteShares } from '@vexa/shared/transcripts/share-store';
import type { Redis } from 'ioredis';
import { changeKeys } from '../changes/change-log.ts';
import { keyTtlSeconds, ownKeys } from '../redis/keys.ts';
import { defineScript } from '../redis/script.ts';
import { deleteAllSegments } from '../segments/segment-store.ts';
import { eraseSpeakers, sessionsOf } from '../sessions/session-store.ts';
import { withdrawDeadLetters } from '../stream/dead-letters.ts';
import { withMeetingLock } from './meeting-lock.ts';
import { putPurged } from './purged-store.ts';

/**
 * Deletes all words and names of a meeting, for good: late messages about it are dropped. Session rows stay without
 * names, because usage is counted from them. Safe to repeat, also after it stopped half-way.
 */
export async function purgeMeeting({ db, redis }: { db: Db; redis: Redis }, meetingId: number): Promise<void> {
  const uids = await withMeetingLock(db, meetingId, async (tx) => {
    await putPurged(tx, meetingId);
    await deleteAllSegments(tx, meetingId);
    await deleteShares(tx, meetingId);
    await eraseSpeakers(tx, meetingId);
    return [...(await sessionsOf(tx, meetingId)).keys()];
  });
  await forgetMeeting(redis, meetingId, uids);
  await withdrawDeadLetters(redis, meetingId);
}

/** Removes the meeting from Redis and leaves the mark that keeps late messages out, in one step. */
export async function forgetMeeting(redis: Redis, meetingId: number, uids: string[]): Promise<void> {
  await forgetScript(
    redis,
    [
      ownKeys.purged(meetingId),
      keys.activeMeetings,
      ownKeys.speakerSessions(meetingId),
      keys.meetingSegments(meetingId),
      ownKeys.flushedRevisions(meetingId),
      ...changeKeys(meetingId),
    ],
    [meetingId, keyTtlSeconds, keys.speakerEvents(''), ...uids],
  );
}

const forgetScript = defineScript(`
  local purged, active, sessions = KEYS[1], KEYS[2], KEYS[3]
  local uids = redis.call('SMEMBERS', sessions)
  for i = 4, #ARGV do table.insert(uids, ARGV[i]) end
  redis.call('SET', purged, '1', 'EX', ARGV[2])
  redis.call('SREM', active, ARGV[1])
  for _, uid in ipairs(uids) do redis.call('DEL', ARGV[3] .. uid) end
  redis.call('DEL', sessions, KEYS[4], KEYS[5], KEYS[6], KEYS[7])
  return 1
`);
