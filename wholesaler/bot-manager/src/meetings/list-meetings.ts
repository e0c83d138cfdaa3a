import type { Meeting, MeetingListQuery } from '@vexa/shared/contracts/meeting';
import type { Db } from '@vexa/shared/db/client';
import { decodeIdCursor, encodeIdCursor } from '@vexa/shared/http/cursor';
import type { z } from 'zod';
import { listMeetingRows } from './meeting-store.ts';
import { toMeeting } from './meeting-view.ts';

type Query = z.infer<typeof MeetingListQuery> & { userId: number };

/** One page of a user's meetings, newest first. Throws `validation_error` for a cursor that is not ours. */
export async function listMeetings(
  db: Db,
  { userId, status, platform, limit, cursor }: Query,
): Promise<{ meetings: Meeting[]; next_cursor: string | null }> {
  const beforeId = cursor === undefined ? undefined : decodeIdCursor(cursor);
  const rows = await listMeetingRows(db, { userId, status, platform, beforeId, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { meetings: page.map(toMeeting), next_cursor: last ? encodeIdCursor(last.id) : null };
}
