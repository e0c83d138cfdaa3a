import { z } from 'zod';

/** One message of a stream as Redis delivered it. */
export interface Entry {
  id: string;
  /** The field `payload`; undefined when the producer left it out. */
  payload: string | undefined;
}

/** What became of an entry. `retry` leaves it pending: it is delivered again after the idle time. */
export type Outcome = { status: 'done' } | { status: 'dead' | 'retry'; reason: string; meetingId?: number | undefined };

const RawEntries = z.array(z.tuple([z.string(), z.array(z.string()).nullable()]));
const ReadReply = z.array(z.tuple([z.string(), RawEntries])).nullable();
const ClaimReply = z.tuple([z.string(), RawEntries]).rest(z.unknown());

export const entriesOfRead = (reply: unknown): Entry[] =>
  (ReadReply.parse(reply) ?? []).flatMap(([, entries]) => toEntries(entries));

export const entriesOfClaim = (reply: unknown): Entry[] => toEntries(ClaimReply.parse(reply)[1]);

// A null body is an entry that was deleted while it was pending: there is nothing left to do for it.
const toEntries = (raw: z.infer<typeof RawEntries>): Entry[] =>
  raw.flatMap(([id, fields]) => (fields === null ? [] : [{ id, payload: payloadOf(fields) }]));

function payloadOf(fields: string[]): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i] === 'payload') return fields[i + 1];
  return undefined;
}
