import { channels, keys } from '@vexa/shared/contracts/redis-names';
import type { Segment } from '@vexa/shared/contracts/transcript';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { keyTtlSeconds, ownKeys } from '../redis/keys.ts';
import { defineScript } from '../redis/script.ts';
import { revisionLength, revisionTimeMs } from './revision.ts';
import type { MutableSegment } from './stored-segment.ts';

const Content = z.object({
  uid: z.string(),
  start: z.number(),
  end: z.number(),
  text: z.string(),
  language: z.string().nullable(),
  speaker: z.string().nullable(),
  completed: z.boolean(),
});

export interface Arrival {
  segment: MutableSegment;
  /** What live readers are shown if this revision is news; undefined shows nothing. */
  publication: Segment | undefined;
}

/**
 * Keeps each segment's greatest revision and shows live readers what was news, in one step. Nothing is kept of a
 * purged meeting, of a revision older than the held one, or of one that already left for Postgres.
 */
export async function keepSegments(redis: Redis, meetingId: number, arrivals: Arrival[]): Promise<void> {
  if (arrivals.length === 0) return;
  const args = arrivals.flatMap(({ segment, publication }) => [
    segment.segmentId,
    segment.revision,
    encode(segment),
    publication ? JSON.stringify(publication) : '',
  ]);
  await keepScript(
    redis,
    [
      ownKeys.purged(meetingId),
      keys.meetingSegments(meetingId),
      ownKeys.flushedRevisions(meetingId),
      keys.activeMeetings,
    ],
    [meetingId, channels.mutableSegments(meetingId), new Date().toISOString(), keyTtlSeconds, ...args],
  );
}

export async function readMutableSegments(redis: Redis, meetingId: number): Promise<MutableSegment[]> {
  const fields = await redis.hgetall(keys.meetingSegments(meetingId));
  return Object.entries(fields).map(([segmentId, value]) => decode(segmentId, value));
}

/** Removes revisions that are dealt with and remembers them; a newer revision that came meanwhile stays. */
export async function forgetRevisions(redis: Redis, meetingId: number, done: MutableSegment[]): Promise<void> {
  await forgetScript(
    redis,
    [keys.meetingSegments(meetingId), ownKeys.flushedRevisions(meetingId), keys.activeMeetings],
    [meetingId, keyTtlSeconds, ...done.flatMap(({ segmentId, revision }) => [segmentId, revision])],
  );
}

export const activeMeetings = async (redis: Redis): Promise<number[]> =>
  (await redis.smembers(keys.activeMeetings)).map(Number);

const encode = ({ revision, sessionUid: uid, start, end, text, language, speaker, completed }: MutableSegment) =>
  revision + JSON.stringify({ uid, start, end, text, language, speaker, completed });

function decode(segmentId: string, value: string): MutableSegment {
  const revision = value.slice(0, revisionLength);
  const { uid, ...content } = Content.parse(JSON.parse(value.slice(revisionLength)));
  return { ...content, segmentId, sessionUid: uid, revision, receivedAtMs: revisionTimeMs(revision) };
}

const keepScript = defineScript(`
  local purged, held, flushed, active = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
  local meeting, channel, ts, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
  if redis.call('EXISTS', purged) == 1 then return 0 end
  local kept, shown = 0, {}
  for i = 5, #ARGV, 4 do
    local id, revision = ARGV[i], ARGV[i + 1]
    local mine = redis.call('HGET', held, id)
    local gone = redis.call('HGET', flushed, id)
    if not (mine and string.sub(mine, 1, ${revisionLength}) >= revision) and not (gone and gone >= revision) then
      redis.call('HSET', held, id, ARGV[i + 2])
      kept = kept + 1
      if ARGV[i + 3] ~= '' then table.insert(shown, ARGV[i + 3]) end
    end
  end
  if kept > 0 then
    redis.call('SADD', active, meeting)
    redis.call('EXPIRE', held, ttl)
  end
  if #shown > 0 then
    redis.call('PUBLISH', channel, '{"segments":[' .. table.concat(shown, ',') .. '],"ts":"' .. ts .. '"}')
  end
  return kept
`);

const forgetScript = defineScript(`
  local held, flushed, active = KEYS[1], KEYS[2], KEYS[3]
  for i = 3, #ARGV, 2 do
    local id, revision = ARGV[i], ARGV[i + 1]
    local mine = redis.call('HGET', held, id)
    if mine and string.sub(mine, 1, ${revisionLength}) <= revision then redis.call('HDEL', held, id) end
    local gone = redis.call('HGET', flushed, id)
    if not gone or gone < revision then redis.call('HSET', flushed, id, revision) end
  end
  redis.call('EXPIRE', flushed, ARGV[2])
  if redis.call('EXISTS', held) == 0 then redis.call('SREM', active, ARGV[1]) end
  return 1
`);
