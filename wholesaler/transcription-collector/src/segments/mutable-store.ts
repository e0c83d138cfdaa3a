import { channels, keys } from '@vexa/shared/contracts/redis-names';
import type { Segment } from '@vexa/shared/contracts/transcript';
import { newEpoch } from '@vexa/shared/transcripts/cursor';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { changeKeys, luaNoteChanges, renewLog } from '../changes/change-log.ts';
import { keyTtlSeconds, ownKeys } from '../redis/keys.ts';
import { defineScript } from '../redis/script.ts';
import type { TimelineVersions } from '../speakers/speaker-store.ts';
import { TimedWord } from '../speakers/split-by-speaker.ts';
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
  words: z.array(TimedWord).nullable(),
});

export interface Arrival {
  segment: MutableSegment;
  /** What live readers are shown if this revision is news. */
  publications: Segment[];
}

// Bounds a frame on the live channel, and the time Redis does nothing else.
const arrivalsPerStep = 200;

interface Arrivals {
  arrivals: Arrival[];
  /** Those of the speaker events by which they are shown, for each session. */
  versions: TimelineVersions;
}

/**
 * Keeps each segment's greatest revision and shows live readers what was news, in one step for each 200 segments.
 * Nothing is kept of a purged meeting, of a revision older than the held one, or of one that already left for Postgres.
 * True when more speaker events came meanwhile: then some were not kept, since they may have another's name.
 */
export async function keepSegments(
  redis: Redis,
  meetingId: number,
  { arrivals, versions }: Arrivals,
): Promise<boolean> {
  const steps: Promise<boolean>[] = [];
  for (let from = 0; from < arrivals.length; from += arrivalsPerStep) {
    steps.push(keepStep(redis, meetingId, { arrivals: arrivals.slice(from, from + arrivalsPerStep), versions }));
  }
  return (await Promise.all(steps)).includes(true);
}

async function keepStep(redis: Redis, meetingId: number, { arrivals, versions }: Arrivals): Promise<boolean> {
  const args = arrivals.flatMap(({ segment, publications }) => [
    segment.segmentId,
    segment.revision,
    encode(segment),
    asList(publications),
  ]);
  const meeting = [meetingId, channels.mutableSegments(meetingId), new Date().toISOString(), keyTtlSeconds, newEpoch()];
  const moved = await keepScript(
    redis,
    [
      ownKeys.purged(meetingId),
      keys.meetingSegments(meetingId),
      ownKeys.flushedRevisions(meetingId),
      keys.activeMeetings,
      ...changeKeys(meetingId),
      ...[...versions.keys()].map(keys.speakerEvents),
    ],
    [...meeting, ...versions.values(), ...args],
  );
  return moved === 1;
}

interface Reshown extends Arrival {
  /** Parts that were shown before and are none any more. */
  gone: Segment[];
}

/**
 * Shows held segments of a session again, after speaker events up to `version`. True when more events or newer revisions
 * came meanwhile: what is not known to be the newest is not shown.
 */
export async function showAgain(
  redis: Redis,
  meetingId: number,
  { uid, version, reshown }: { uid: string; version: number; reshown: Reshown[] },
): Promise<boolean> {
  if (reshown.length === 0) return false;
  // A reader by cursor is told what there is of a segment, and not what is gone of it.
  if (reshown.some(({ gone }) => gone.length > 0)) await renewLog(redis, meetingId);
  const args = reshown.flatMap(({ segment, publications, gone }) => [
    segment.segmentId,
    segment.revision,
    asList([...publications, ...gone]),
  ]);
  const moved = await againScript(
    redis,
    [ownKeys.purged(meetingId), keys.meetingSegments(meetingId), ...changeKeys(meetingId), keys.speakerEvents(uid)],
    [channels.mutableSegments(meetingId), new Date().toISOString(), keyTtlSeconds, newEpoch(), version, ...args],
  );
  return moved === 1;
}

export async function readMutableSegments(redis: Redis, meetingId: number): Promise<MutableSegment[]> {
  const fields = await redis.hgetall(keys.meetingSegments(meetingId));
  return Object.entries(fields).map(([segmentId, value]) => decode(segmentId, value));
}

/** Those of the named segments that are held. */
export async function readMutableSegmentsById(
  redis: Redis,
  meetingId: number,
  ids: string[],
): Promise<MutableSegment[]> {
  if (ids.length === 0) return [];
  const values = await redis.hmget(keys.meetingSegments(meetingId), ...ids);
  return ids.flatMap((id, i) => {
    const value = values[i];
    return value ? [decode(id, value)] : [];
  });
}

/** Whether a segment is held that came in at least so long ago. */
export const holdsOlderThan = async (redis: Redis, meetingId: number, ageMs: number): Promise<boolean> =>
  (await olderScript(redis, [keys.meetingSegments(meetingId)], [ageMs])) === 1;

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

const encode = ({ revision, sessionUid: uid, start, end, text, language, speaker, completed, words }: MutableSegment) =>
  revision + JSON.stringify({ uid, start, end, text, language, speaker, completed, words });

/** JSON objects with commas between them, of which scripts make a list. */
const asList = (segments: Segment[]): string => segments.map((segment) => JSON.stringify(segment)).join(',');

function decode(segmentId: string, value: string): MutableSegment {
  const revision = value.slice(0, revisionLength);
  const { uid, ...content } = Content.parse(JSON.parse(value.slice(revisionLength)));
  return { ...content, parts: null, segmentId, sessionUid: uid, revision, receivedAtMs: revisionTimeMs(revision) };
}

const olderScript = defineScript(`
  local now = redis.call('TIME')
  local before = now[1] * 1000 + math.floor(now[2] / 1000) - ARGV[1]
  for _, value in ipairs(redis.call('HVALS', KEYS[1])) do
    if tonumber(string.sub(value, 2, 21)) <= before then return 1 end
  end
  return 0
`);

const keepScript = defineScript(`${luaNoteChanges}
  local purged, held, flushed, active = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
  local meeting, channel, ts, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
  if redis.call('EXISTS', purged) == 1 then return 0 end
  for i = 7, #KEYS do
    if redis.call('ZCARD', KEYS[i]) ~= tonumber(ARGV[i - 1]) then return 1 end
  end
  local kept, shown = {}, {}
  for i = #KEYS, #ARGV, 4 do
    local id, revision = ARGV[i], ARGV[i + 1]
    local mine = redis.call('HGET', held, id)
    local gone = redis.call('HGET', flushed, id)
    if not (mine and string.sub(mine, 1, ${revisionLength}) >= revision) and not (gone and gone >= revision) then
      redis.call('HSET', held, id, ARGV[i + 2])
      table.insert(kept, id)
      if ARGV[i + 3] ~= '' then table.insert(shown, ARGV[i + 3]) end
    end
  end
  if #kept > 0 then
    redis.call('SADD', active, meeting)
    redis.call('EXPIRE', held, ttl)
    noteChanges(KEYS[5], KEYS[6], ARGV[5], ttl, kept)
  end
  if #shown > 0 then
    redis.call('PUBLISH', channel, '{"segments":[' .. table.concat(shown, ',') .. '],"ts":"' .. ts .. '"}')
  end
  return 0
`);

const againScript = defineScript(`${luaNoteChanges}
  local purged, held = KEYS[1], KEYS[2]
  if redis.call('EXISTS', purged) == 1 then return 0 end
  if redis.call('ZCARD', KEYS[5]) ~= tonumber(ARGV[5]) then return 1 end
  local ids, shown, moved = {}, {}, 0
  for i = 6, #ARGV, 3 do
    local mine = redis.call('HGET', held, ARGV[i])
    if mine and string.sub(mine, 1, ${revisionLength}) == ARGV[i + 1] then
      table.insert(ids, ARGV[i])
      if ARGV[i + 2] ~= '' then table.insert(shown, ARGV[i + 2]) end
    elseif mine then
      moved = 1
    end
  end
  if #ids > 0 then noteChanges(KEYS[3], KEYS[4], ARGV[4], ARGV[3], ids) end
  if #shown > 0 then
    redis.call('PUBLISH', ARGV[1], '{"segments":[' .. table.concat(shown, ',') .. '],"ts":"' .. ARGV[2] .. '"}')
  end
  return moved
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
