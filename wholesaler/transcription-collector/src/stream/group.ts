import { streams } from '@vexa/shared/contracts/redis-names';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { defineScript } from '../redis/script.ts';

const group = streams.collectorGroup;

/** Makes the stream and its group when they are not there. The group begins at the oldest entry: replays are harmless. */
export async function ensureGroup(redis: Redis, stream: string): Promise<void> {
  try {
    await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error;
  }
}

export const isGroupMissing = (error: unknown): boolean => error instanceof Error && error.message.includes('NOGROUP');

/** Deletes every entry that is acknowledged and has no pending one before it. */
export async function trimAcknowledged(redis: Redis, stream: string): Promise<void> {
  await trimScript(redis, [stream], [group]);
}

/** The newest id the stream ever gave, `0-0` for a stream that is not there. */
export async function lastGeneratedId(redis: Redis, stream: string): Promise<string> {
  return z.string().parse(await lastIdScript(redis, [stream], []));
}

/** How many entries nobody took yet, and how many are taken and not answered for. */
export async function lagOf(redis: Redis, stream: string): Promise<{ lag: number; pending: number }> {
  const [lag, pending] = z.tuple([z.number(), z.number()]).parse(await lagScript(redis, [stream], [group]));
  return { lag, pending };
}

/** Whether every entry up to `id` was delivered and acknowledged, so that its effect is durable. */
export async function isConsumedUpTo(redis: Redis, stream: string, id: string): Promise<boolean> {
  return (await consumedScript(redis, [stream], [group, id])) === 1;
}

/** How often entries between two ids were delivered, by id. */
export async function deliveriesOf(redis: Redis, stream: string, consumer: string, ids: string[]) {
  const [first, last] = [ids[0], ids.at(-1)];
  if (first === undefined || last === undefined) return new Map<string, number>();
  const rows = PendingRows.parse(await redis.xpending(stream, group, first, last, ids.length * 4, consumer));
  return new Map(rows.map(([id, , , deliveries]) => [id, deliveries]));
}

/** Removes a consumer, unless entries are pending with it: those would be lost for everybody. */
export async function leaveGroup(redis: Redis, stream: string, consumer: string): Promise<void> {
  await leaveScript(redis, [stream], [group, consumer, 0]);
}

/** Removes consumers that went away long ago with nothing pending. */
export async function removeStaleConsumers(redis: Redis, stream: string, idleMs: number): Promise<void> {
  await leaveScript(redis, [stream], [group, '', idleMs]);
}

const PendingRows = z.array(z.tuple([z.string(), z.string(), z.number(), z.number()]));

const groupInfo = `
  local function fieldOf(list, name)
    for i = 1, #list, 2 do if list[i] == name then return list[i + 1] end end
  end
  local function groupOf(stream, name)
    if redis.call('EXISTS', stream) == 0 then return nil end
    for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
      if fieldOf(info, 'name') == name then return info end
    end
  end
`;

const trimScript = defineScript(`${groupInfo}
  local info = groupOf(KEYS[1], ARGV[1])
  if not info then return 0 end
  local pending = redis.call('XPENDING', KEYS[1], ARGV[1])
  if pending[1] > 0 then return redis.call('XTRIM', KEYS[1], 'MINID', pending[2]) end
  local last = fieldOf(info, 'last-delivered-id')
  local trimmed = redis.call('XTRIM', KEYS[1], 'MINID', last)
  return trimmed + redis.call('XDEL', KEYS[1], last)
`);

const lastIdScript = defineScript(`${groupInfo}
  if redis.call('EXISTS', KEYS[1]) == 0 then return '0-0' end
  return fieldOf(redis.call('XINFO', 'STREAM', KEYS[1]), 'last-generated-id')
`);

const lagScript = defineScript(`${groupInfo}
  local info = groupOf(KEYS[1], ARGV[1])
  if not info then return { redis.call('XLEN', KEYS[1]), 0 } end
  local pending = fieldOf(info, 'pending')
  return { fieldOf(info, 'lag') or math.max(0, redis.call('XLEN', KEYS[1]) - pending), pending }
`);

const consumedScript = defineScript(`${groupInfo}
  local stream, group, upTo = KEYS[1], ARGV[1], ARGV[2]
  local info = groupOf(stream, group)
  if not info then return #redis.call('XRANGE', stream, '-', upTo, 'COUNT', 1) == 0 and 1 or 0 end
  local delivered = fieldOf(info, 'last-delivered-id')
  local ahead = redis.call('XRANGE', stream, '(' .. delivered, '+', 'COUNT', 1)
  if #ahead > 0 and #redis.call('XRANGE', stream, ahead[1][1], upTo, 'COUNT', 1) > 0 then return 0 end
  return #redis.call('XPENDING', stream, group, '-', upTo, 1) == 0 and 1 or 0
`);

const leaveScript = defineScript(`${groupInfo}
  local stream, group, name, idle = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
  if not groupOf(stream, group) then return 0 end
  for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
    local consumer = fieldOf(info, 'name')
    local free = fieldOf(info, 'pending') == 0 and fieldOf(info, 'idle') >= idle
    if free and (name == '' or name == consumer) then redis.call('XGROUP', 'DELCONSUMER', stream, group, consumer) end
  end
  return 1
`);
