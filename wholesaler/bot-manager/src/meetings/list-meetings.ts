import type { Meeting, MeetingListQuery } from '@vexa/shared/contracts/meeting';
import type { Db } from '@vexa/shared/db/client';
import { decodeTimeCursor, encodeTimeCursor } from '@vexa/shared/http/cursor';
import type { z } from 'zod';
import { listMeetingRows } from './meeting-store.ts';
import { toMeeting } from './meeting-view.ts';

type Query = z.infer<typeof MeetingListQuery> & { userId: number };

/** One page of a user's meetings, newest first. Throws `validation_error` for a cursor that is not ours. */
export async function listMeetings(
  db: Db,
  { limit, cursor, offset, skip, ...filter }: Query,
): Promise<{ meetings: Meeting[]; next_cursor: string | null }> {
  const rows = await listMeetingRows(db, {
    ...filter,
    before: cursor === undefined ? undefined : decodePlace(cursor),
    offset: offset ?? skip ?? 0,
    limit: limit + 1,
  });
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  const next_cursor = last ? encodeTimeCursor({ at: last.created_at, id: last.id }) : null;
  return { meetings: page.map(toMeeting), next_cursor };
}

function decodePlace(cursor: string): { at: Date; id: number } {
  const { at, id } = decodeTimeCursor(cursor, /^[1-9]\d{0,9}$/);
  return { at, id: Number(id) };
}
