import { streams } from '@vexa/shared/contracts/redis-names';
import type { Redis } from 'ioredis';

// Bounds the memory that poison can take; what is over it goes, oldest first.
const maxDeadLetters = 10_000;

export interface DeadLetter {
  stream: string;
  entryId: string;
  reason: string;
  deliveries: number;
  /** Known when the message's token was good; the purge of that meeting removes the letter. */
  meetingId: number | undefined;
  /** The message as it came, only when `meetingId` is known. */
  payload: string | undefined;
}

/** Puts a message aside and acknowledges it, in one step. */
export async function buryEntry(redis: Redis, letter: DeadLetter): Promise<void> {
  const known = letter.meetingId === undefined ? {} : { meeting_id: letter.meetingId, payload: letter.payload ?? '' };
  const fields = {
    stream: letter.stream,
    entry_id: letter.entryId,
    reason: letter.reason,
    deliveries: letter.deliveries,
    ...known,
  };
  const results = await redis
    .multi()
    .xadd(streams.segmentsDead, 'MAXLEN', '~', maxDeadLetters, '*', ...Object.entries(fields).flat())
    .xack(letter.stream, streams.collectorGroup, letter.entryId)
    .exec();
  for (const [error] of results ?? []) if (error) throw error;
}

/** Deletes the dead letters of a meeting, which may hold its words. */
export async function withdrawDeadLetters(redis: Redis, meetingId: number): Promise<void> {
  const pageSize = 500;
  let from = '-';
  for (;;) {
    const page = await redis.xrange(streams.segmentsDead, from, '+', 'COUNT', pageSize);
    const mine = page.filter(([, fields]) => fieldOf(fields ?? [], 'meeting_id') === String(meetingId));
    if (mine.length > 0) await redis.xdel(streams.segmentsDead, ...mine.map(([id]) => id));
    const last = page.at(-1);
    if (page.length < pageSize || !last) return;
    from = `(${last[0]}`;
  }
}

const fieldOf = (fields: string[], name: string): string | undefined => {
  const at = fields.findIndex((field, i) => i % 2 === 0 && field === name);
  return at < 0 ? undefined : fields[at + 1];
};
