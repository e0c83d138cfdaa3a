import { fieldError } from '../errors.ts';

/** An opaque place in a list that is ordered by id. */
export const encodeIdCursor = (id: number): string => Buffer.from(`id:${id}`).toString('base64url');

/** Throws `validation_error` naming `query.cursor` when it is not one of ours. */
export function decodeIdCursor(cursor: string): number {
  const id = Number(/^id:(\d{1,10})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1]);
  if (!Number.isInteger(id) || id > 2_147_483_647)
    throw fieldError(['query', 'cursor'], 'is not a cursor of this list');
  return id;
}

/** A place in a list that is ordered by time and then by id. */
export interface TimePlace {
  at: Date;
  id: string;
}

export const encodeTimeCursor = ({ at, id }: { at: Date; id: string | number }): string =>
  Buffer.from(`at:${at.getTime()}:${id}`).toString('base64url');

/** Throws `validation_error` naming `query.cursor` unless it is of a list whose ids look like `id`. */
export function decodeTimeCursor(cursor: string, id: RegExp): TimePlace {
  const [, ms, rest = ''] = /^at:(\d{1,15}):(.+)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (ms === undefined || !id.test(rest)) throw fieldError(['query', 'cursor'], 'is not a cursor of this list');
  return { at: new Date(Number(ms)), id: rest };
}
