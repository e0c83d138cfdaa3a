import { keys } from '@vexa/shared/contracts/redis-names';
import type { SpeakerEvent } from '@vexa/shared/contracts/stream-messages';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { keyTtlSeconds, ownKeys } from '../redis/keys.ts';
import { defineScript } from '../redis/script.ts';
import { type SpeakerMark, type SpeakerTurn, turnsOf } from './speaker-turns.ts';

// A session of eight hours with a change every two seconds; what is over it is dropped, oldest first.
const maxEventsPerSession = 15_000;

const Member = z.object({
  meeting: z.int(),
  type: z.enum(['SPEAKER_START', 'SPEAKER_END']),
  id: z.string(),
  name: z.string(),
  ms: z.number(),
});

/** Keeps an event unless its meeting is purged; the same event twice is one. */
export async function keepSpeakerEvent(redis: Redis, meetingId: number, event: SpeakerEvent): Promise<void> {
  const member: z.infer<typeof Member> = {
    meeting: meetingId,
    type: event.event_type,
    id: event.participant_id,
    name: event.participant_name,
    ms: event.relative_client_timestamp_ms,
  };
  await keepScript(
    redis,
    [ownKeys.purged(meetingId), keys.speakerEvents(event.uid), ownKeys.speakerSessions(meetingId)],
    [member.ms, JSON.stringify(member), event.uid, keyTtlSeconds, maxEventsPerSession],
  );
}

export type TimelineVersions = ReadonlyMap<string, number>;
export type SpeakerTurns = ReadonlyMap<string, readonly SpeakerTurn[]>;

/** Who spoke when in some sessions of a meeting, by uid. */
export const readSpeakerTurns = async (
  redis: Redis,
  meetingId: number,
  uids: Iterable<string>,
): Promise<SpeakerTurns> => (await readVersionedTurns(redis, meetingId, uids)).turns;

/** The same, and the version of each of these timelines. */
export async function readVersionedTurns(
  redis: Redis,
  meetingId: number,
  uids: Iterable<string>,
): Promise<{ turns: SpeakerTurns; versions: TimelineVersions }> {
  const read = async (uid: string) => [uid, await readTimeline(redis, meetingId, uid)] as const;
  const timelines = await Promise.all([...new Set(uids)].map(read));
  return {
    turns: new Map(timelines.map(([uid, { marks }]) => [uid, turnsOf(marks)])),
    versions: new Map(timelines.map(([uid, { version }]) => [uid, version])),
  };
}

export interface SpeakerTimeline {
  /** The events of one session, oldest first. */
  marks: SpeakerMark[];
  /** Grows with every event. */
  version: number;
}

export async function readTimeline(redis: Redis, meetingId: number, uid: string): Promise<SpeakerTimeline> {
  const members = (await redis.zrange(keys.speakerEvents(uid), '0', '-1')).map((text) =>
    Member.parse(JSON.parse(text)),
  );
  // Two meetings may use the same uid, and must not hear of each other.
  return { marks: members.filter(({ meeting }) => meeting === meetingId).map(toMark), version: members.length };
}

const toMark = ({ type, id, name, ms }: z.infer<typeof Member>): SpeakerMark => ({
  type,
  participantId: id,
  name,
  atMs: ms,
});

const keepScript = defineScript(`
  local purged, events, sessions = KEYS[1], KEYS[2], KEYS[3]
  if redis.call('EXISTS', purged) == 1 then return 0 end
  redis.call('ZADD', events, ARGV[1], ARGV[2])
  redis.call('ZREMRANGEBYRANK', events, 0, -1 - tonumber(ARGV[5]))
  redis.call('SADD', sessions, ARGV[3])
  redis.call('EXPIRE', events, ARGV[4])
  redis.call('EXPIRE', sessions, ARGV[4])
  return 1
`);
