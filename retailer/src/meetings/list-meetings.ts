import type { Meeting, MeetingListQuery } from '@vexa/shared/contracts/meeting';
import type { Db } from '@vexa/shared/db/client';
import { decodeIdCursor, encodeIdCursor } from '@vexa/shared/http/cursor';
import type { z } from 'zod';
import { viewOf } from './meeting.ts';
import { selectHeld } from './meeting-store.ts';
import { type Refresh, refreshIfPossible } from './refresh-meeting.ts';

/** One page of the user's meetings, newest first. Throws `validation_error` for a cursor that is not ours. */
export async function listMeetings(
  { db, refresh }: { db: Db; refresh: Refresh },
  userId: number,
  { limit, cursor, offset, skip, ...filter }: z.infer<typeof MeetingListQuery>,
): Promise<{ meetings: Meeting[]; next_cursor: string | null }> {
  const beforeId = cursor === undefined ? undefined : decodeIdCursor(cursor);
  const rows = await selectHeld(db, userId, { ...filter, beforeId, offset: offset ?? skip, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const meetings = await Promise.all(
    page.map(async (held) => viewOf({ ...held, meeting: await refreshIfPossible(refresh, held.meeting) })),
  );
  return { meetings, next_cursor: rows.length > limit && last ? encodeIdCursor(last.meeting.id) : null };
}
