import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import type { Db } from '@vexa/shared/db/client';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { meetings } from '../db/schema.ts';
import type { MeetingRow } from '../meetings/meeting.ts';
import { transition, updateMeeting } from '../meetings/meeting-store.ts';
import { applyUpstream } from '../meetings/refresh-meeting.ts';
import type { UpstreamMeeting } from '../wholesaler/client.ts';
import { isOutcomeUnknown, type WholesalerError } from '../wholesaler/wholesaler-error.ts';

interface Deps {
  db: Db;
  onEnded: (meetingId: number) => void;
}

/** Keeps the wholesaler's id of a meeting and forgets the request. Undefined when another answer was recorded before. */
export async function recordStart(
  deps: Deps,
  { id }: Pick<MeetingRow, 'id'>,
  upstream: UpstreamMeeting,
): Promise<MeetingRow | undefined> {
  const [row] = await deps.db
    .update(meetings)
    .set({ wholesaler_meeting_id: upstream.id, start_request: null, orphan_check_until: null, updated_at: sql`now()` })
    .where(and(eq(meetings.id, id), isNull(meetings.wholesaler_meeting_id)))
    .returning();
  if (!row) return undefined;
  return isTerminal(row.status) ? row : applyUpstream(deps, row, upstream);
}

const orphanCheckMs = 15 * 60_000;

/** Ends a meeting whose bot was refused. Without a clear answer, the sync looks for a bot that started all the same. */
export async function recordFailedStart(db: Db, { id }: Pick<MeetingRow, 'id'>, error: WholesalerError): Promise<void> {
  const orphan_check_until = isOutcomeUnknown(error) ? new Date(Date.now() + orphanCheckMs) : null;
  await endUnstarted(db, id, { completion_reason: 'join_failure', orphan_check_until });
}

export async function endUnstarted(
  db: Db,
  id: number,
  { completion_reason, orphan_check_until = null }: Pick<MeetingRow, 'completion_reason'> & Partial<MeetingRow>,
): Promise<void> {
  const changes = { completion_reason, failure_stage: 'requested' as const, is_live: false, end_time: new Date() };
  await db.transaction(async (tx) => {
    const ended = await transition(tx, id, { to: 'failed', source: 'retailer', changes });
    if (ended) await updateMeeting(tx, id, { start_request: null, orphan_check_until });
  });
}
