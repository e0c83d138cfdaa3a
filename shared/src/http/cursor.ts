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
