import { type Cursor, newEpoch } from '@vexa/shared/transcripts/cursor';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { keyTtlSeconds, ownKeys } from '../redis/keys.ts';
import { defineScript } from '../redis/script.ts';

// Longer lists of changes cost more than the whole transcript.
const maxChanges = 2_000;

export const changeKeys = (meetingId: number): [log: string, changes: string] => [
  ownKeys.changeLog(meetingId),
  ownKeys.changes(meetingId),
];

/**
 * Lua: `noteChanges(log, changes, newEpoch, ttl, ids)` gives these segments the meeting's next number. Part of the step
 * that makes the change, so that no reader can pass the number without seeing the change.
 */
export const luaNoteChanges = `
  local function noteChanges(log, changes, newEpoch, ttl, ids)
    if redis.call('HSETNX', log, 'epoch', newEpoch) == 1 then redis.call('DEL', changes) end
    local seq = redis.call('HINCRBY', log, 'seq', 1)
    for _, id in ipairs(ids) do redis.call('ZADD', changes, seq, id) end
    redis.call('EXPIRE', log, ttl)
    redis.call('EXPIRE', changes, ttl)
  end
`;

/** Tells readers that follow by cursor that these segments are not what they were. */
export async function noteChanges(redis: Redis, meetingId: number, segmentIds: string[]): Promise<void> {
  if (segmentIds.length === 0) return;
  const keys = [ownKeys.purged(meetingId), ...changeKeys(meetingId)];
  await noteScript(redis, keys, [newEpoch(), keyTtlSeconds, ...segmentIds]);
}

/** Makes readers that follow by cursor read everything again: something changed about all segments. */
export async function renewLog(redis: Redis, meetingId: number): Promise<void> {
  await renewScript(redis, [ownKeys.purged(meetingId), ...changeKeys(meetingId)], [newEpoch(), keyTtlSeconds]);
}

export interface Changes {
  /** Read before the segments: whatever changes after it is told the next time. */
  cursor: Cursor;
  /** Segments changed after the given cursor; undefined when that cannot be told. */
  changed: string[] | undefined;
}

const Reply = z.tuple([z.string(), z.coerce.number(), z.array(z.string()).nullable()]);

export async function readChanges(redis: Redis, meetingId: number, since: Cursor | undefined): Promise<Changes> {
  const args = [newEpoch(), keyTtlSeconds, since?.epoch ?? '', since?.seq ?? 0, maxChanges];
  const [epoch, seq, changed] = Reply.parse(await readScript(redis, changeKeys(meetingId), args));
  return { cursor: { epoch, seq }, changed: changed ?? undefined };
}

const noteScript = defineScript(`${luaNoteChanges}
  if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
  local ids = {}
  for i = 3, #ARGV do table.insert(ids, ARGV[i]) end
  noteChanges(KEYS[2], KEYS[3], ARGV[1], ARGV[2], ids)
  return 1
`);

const renewScript = defineScript(`
  if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
  redis.call('HSET', KEYS[2], 'epoch', ARGV[1])
  redis.call('HINCRBY', KEYS[2], 'seq', 1)
  redis.call('EXPIRE', KEYS[2], ARGV[2])
  redis.call('DEL', KEYS[3])
  return 1
`);

const readScript = defineScript(`
  local log, changes, newEpoch, ttl, epoch, seq, max = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
  if redis.call('HSETNX', log, 'epoch', newEpoch) == 1 then
    redis.call('HSET', log, 'seq', 0)
    redis.call('EXPIRE', log, ttl)
    redis.call('DEL', changes)
  end
  local present = redis.call('HMGET', log, 'epoch', 'seq')
  if present[1] ~= epoch or tonumber(seq) > tonumber(present[2]) then return { present[1], present[2], false } end
  local ids = redis.call('ZRANGEBYSCORE', changes, '(' .. seq, '+inf', 'LIMIT', 0, max + 1)
  if #ids > tonumber(max) then ids = false end
  return { present[1], present[2], ids }
`);
