import { streams } from '@vexa/shared/contracts/redis-names';
import type { Redis } from 'ioredis';

// Bounds the memory that poison can take; what is over it goes, oldest first.
const maxDeadLetters = 10_000;
const pageSize = 500;

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

export interface BuriedLetter extends DeadLetter {
  /** Its id in the stream of dead letters, which begins with when it was buried (ms since the epoch). */
  id: string;
}

/** Every dead letter, oldest first, a page at a time. */
export async function* deadLetters(redis: Redis): AsyncGenerator<BuriedLetter> {
  let from = '-';
  for (;;) {
    const page = await redis.xrange(streams.segmentsDead, from, '+', 'COUNT', pageSize);
    for (const [id, fields] of page) yield toLetter(id, fields ?? []);
    const last = page.at(-1);
    if (page.length < pageSize || !last) return;
    from = `(${last[0]}`;
  }
}

export async function findDeadLetter(redis: Redis, id: string): Promise<BuriedLetter | undefined> {
  const [found] = await redis.xrange(streams.segmentsDead, id, id);
  return found && toLetter(found[0], found[1] ?? []);
}

/** Puts a letter's message back at the end of its stream, in one step with taking the letter away. */
export async function resendLetter(redis: Redis, letter: BuriedLetter, payload: string): Promise<void> {
  const results = await redis
    .multi()
    .xadd(letter.stream, '*', 'payload', payload)
    .xdel(streams.segmentsDead, letter.id)
    .exec();
  for (const [error] of results ?? []) if (error) throw error;
}

export async function dropLetters(redis: Redis, ids: string[]): Promise<number> {
  return ids.length === 0 ? 0 : redis.xdel(streams.segmentsDead, ...ids);
}

/** Deletes the dead letters of a meeting, which may hold its words. */
export async function withdrawDeadLetters(redis: Redis, meetingId: number): Promise<void> {
  const mine: string[] = [];
  for await (const letter of deadLetters(redis)) if (letter.meetingId === meetingId) mine.push(letter.id);
  for (let from = 0; from < mine.length; from += pageSize) await dropLetters(redis, mine.slice(from, from + pageSize));
}

function toLetter(id: string, fields: string[]): BuriedLetter {
  const of = (name: string): string | undefined => {
    const at = fields.findIndex((field, i) => i % 2 === 0 && field === name);
    return at < 0 ? undefined : fields[at + 1];
  };
  const meetingId = of('meeting_id');
  return {
    id,
    stream: of('stream') ?? '',
    entryId: of('entry_id') ?? '',
    reason: of('reason') ?? '',
    deliveries: Number(of('deliveries')),
    meetingId: meetingId === undefined ? undefined : Number(meetingId),
    payload: of('payload'),
  };
}
