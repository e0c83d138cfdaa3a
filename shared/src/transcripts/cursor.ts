import { randomBytes } from 'node:crypto';
import { fieldError } from '../errors.ts';

/** A place in a meeting's list of changes. Places of different epochs cannot be compared. */
export interface Cursor {
  epoch: string;
  seq: number;
}

const processId = BigInt(`0x${randomBytes(6).toString('hex')}`).toString(36);
let epochs = 0;

/** One that no other list of changes ever has. */
export const newEpoch = (): string => `${processId}z${(epochs++).toString(36)}`;

export const encodeCursor = ({ epoch, seq }: Cursor): string => `${epoch}.${seq}`;

/** Undefined for text that never was a cursor of ours. */
export function decodeCursor(text: string): Cursor | undefined {
  const [, epoch, seq] = /^([0-9a-z]{1,24})\.(\d{1,15})$/.exec(text) ?? [];
  return epoch === undefined ? undefined : { epoch, seq: Number(seq) };
}

/** Throws `validation_error` naming `query.since`. */
export function requireCursor(text: string): Cursor {
  const cursor = decodeCursor(text);
  if (!cursor) throw fieldError(['query', 'since'], 'is not a cursor of a transcript');
  return cursor;
}
