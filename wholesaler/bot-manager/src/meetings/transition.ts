import type { MeetingStatus } from '@vexa/shared/contracts/meeting';
import { statusesBefore } from '@vexa/shared/contracts/meeting-lifecycle';
import type { Db } from '@vexa/shared/db/client';
import { enqueueWebhook } from '@vexa/shared/webhooks/enqueue';
import { meetings } from '@vexa/wholesaler-database/schema';
import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { MeetingRow } from './meeting-store.ts';

export interface TransitionDeps {
  db: Db;
  now: () => Date;
  /** Told after the commit: live readers hear of it, and the outbox is looked at. Must not throw. */
  announce: (meeting: { id: number; status: MeetingStatus }) => void;
}

type Settable = Pick<MeetingRow, 'completion_reason' | 'failure_stage' | 'end_time'>;

export interface Transition {
  meetingId: number;
  to: MeetingStatus;
  /** Who made the change: `user`, `bot`, `reconciler`, `finish`. */
  source: string;
  /** A sentence for the customer. */
  reason?: string | undefined;
  set?: { [K in keyof Settable]?: Settable[K] | SQL };
  /** Merged into the meeting's data. */
  data?: Record<string, unknown>;
  /** More work of the same transaction. */
  within?: (tx: Db, meeting: MeetingRow) => Promise<void>;
}

/**
 * The only writer of `meetings.status`. Changes it if the state machine allows, appends to the history and enqueues
 * the webhooks, all in one transaction. Returns the meeting as it is now, or undefined when `to` cannot be reached
 * from where it is.
 */
export async function transitionMeeting(
  { db, now, announce }: TransitionDeps,
  { meetingId, to, source, reason, set = {}, data = {}, within }: Transition,
): Promise<MeetingRow | undefined> {
  const at = now();
  const changed = await db.transaction(async (tx) => {
    const [meeting] = await tx
      .update(meetings)
      .set({
        ...set,
        status: to,
        data: sql`${meetings.data} || ${JSON.stringify(data)}::jsonb || ${history({ to, at, source, reason })}`,
        ...(to === 'active'
          ? { start_time: sql`coalesce(${meetings.start_time}, ${at.toISOString()}::timestamptz)` }
          : {}),
        updated_at: at,
      })
      .where(and(eq(meetings.id, meetingId), inArray(meetings.status, statusesBefore(to))))
      .returning();
    if (!meeting) return undefined;
    await enqueueStatusEvents(tx, meeting, reason);
    await within?.(tx, meeting);
    return meeting;
  });
  if (changed) announce(changed);
  return changed;
}

interface HistoryEntry {
  to: MeetingStatus;
  at: Date;
  source: string;
  reason: string | undefined;
}

/** `data` with one more entry of `status_transition`; `from` is what the row says when it is updated. */
export function history({ to, at, source, reason }: HistoryEntry): SQL {
  const entry = JSON.stringify({ to, timestamp: at.toISOString(), source, ...(reason ? { reason } : {}) });
  return sql`jsonb_build_object('status_transition',
    coalesce(${meetings.data}->'status_transition', '[]'::jsonb)
    || (jsonb_build_object('from', ${meetings.status}) || ${entry}::jsonb))`;
}

async function enqueueStatusEvents(tx: Db, meeting: MeetingRow, reason: string | undefined): Promise<void> {
  const event = {
    userId: meeting.user_id,
    data: {
      meeting_id: meeting.id,
      platform: meeting.platform,
      native_meeting_id: meeting.platform_specific_id,
      status: meeting.status,
      previous_status: meeting.data.status_transition?.at(-1)?.from ?? null,
      completion_reason: meeting.completion_reason,
      failure_stage: meeting.failure_stage,
      ...(reason ? { reason } : {}),
    },
  };
  await enqueueWebhook(tx, { ...event, type: 'meeting.status_change' });
  if (meeting.status === 'active') await enqueueWebhook(tx, { ...event, type: 'meeting.started' });
  if (meeting.status === 'failed') await enqueueWebhook(tx, { ...event, type: 'bot.failed' });
}
