import type { CompletionReason, FailureStage, MeetingStatus } from '@vexa/shared/contracts/meeting';
import type { Segment } from '@vexa/shared/contracts/transcript';
import type { Db } from '@vexa/shared/db/client';
import { and, eq, inArray, isNull, lte, notInArray, sql } from 'drizzle-orm';
import { meetings, transcriptions } from '../db/schema.ts';
import { announceTranscript } from '../meetings/announce.ts';
import { countSpeech, selectHolders } from '../meetings/link-store.ts';
import type { MeetingRow } from '../meetings/meeting.ts';
import { transition } from '../meetings/meeting-store.ts';
import { insertSegments } from '../transcripts/transcript-store.ts';
import type { LateReaders } from '../transcripts/visible-segments.ts';

interface Claim {
  /** When a claimed meeting is due again if its worker dies. */
  leaseMs: number;
  limit: number;
  except: number[];
}

/** Takes meetings whose finish is due, so that no other worker has them until the lease is over. */
export async function claimDue(db: Db, { leaseMs, limit, except }: Claim): Promise<MeetingRow[]> {
  const due = db
    .select({ id: meetings.id })
    .from(meetings)
    .where(
      and(lte(meetings.finish_due_at, sql`now()`), except.length > 0 ? notInArray(meetings.id, except) : undefined),
    )
    .orderBy(meetings.finish_due_at)
    .limit(limit)
    .for('update', { skipLocked: true });
  return db
    .update(meetings)
    .set({ finish_due_at: later(leaseMs) })
    .where(inArray(meetings.id, due))
    .returning();
}

export async function postpone(
  db: Db,
  meeting: MeetingRow,
  { delayMs, reason, isRefusal }: { delayMs: number; reason: string; isRefusal: boolean },
): Promise<void> {
  await db
    .update(meetings)
    .set({
      finish_due_at: later(delayMs),
      finish_attempts: sql`${meetings.finish_attempts} + 1`,
      ...(isRefusal ? { finish_refusals: sql`${meetings.finish_refusals} + 1` } : {}),
      finish_error: reason.slice(0, 500),
    })
    .where(eq(meetings.id, meeting.id));
}

const later = (ms: number) => sql`now() + make_interval(secs => ${ms / 1000})`;

export interface FinalTranscript {
  status: MeetingStatus;
  completion_reason: CompletionReason | null;
  failure_stage: FailureStage | null;
  start_time: Date | null;
  end_time: Date | null;
  /** A sentence on how the meeting ended, for the history. */
  reason: string | undefined;
  segments: Segment[];
  checksum: string;
  incomplete: boolean;
  lateReaders: LateReaders;
}

/** Takes the final transcript over, all of it or nothing, once. */
export async function commitTranscript(db: Db, id: number, final: FinalTranscript): Promise<void> {
  const { status, reason, segments, checksum, incomplete, lateReaders, ...facts } = final;
  await db.transaction(async (tx) => {
    const [row] = await tx.select().from(meetings).where(eq(meetings.id, id)).for('update');
    if (!row || row.transcript_cached_at !== null) return;
    await insertSegments(tx, { meetingId: id, holders: await selectHolders(tx, id), segments });
    await countSpeech(tx, id, lateReaders);
    const { completion_reason, failure_stage } = facts;
    await transition(tx, id, {
      to: status,
      source: 'wholesaler',
      reason,
      changes: { completion_reason, failure_stage },
    });
    await tx
      .update(meetings)
      .set({
        ...facts,
        is_live: false,
        start_request: null,
        transcript_cached_at: sql`now()`,
        transcript_checksum: checksum,
        transcript_incomplete: incomplete,
        updated_at: sql`now()`,
      })
      .where(eq(meetings.id, id));
  });
}

/** Ends the finish and tells everybody who holds the meeting, both or neither, once. */
export async function completeFinish(db: Db, id: number, { cleaned }: { cleaned: boolean }): Promise<void> {
  await db.transaction(async (tx) => {
    const [row] = await tx
      .update(meetings)
      .set({
        finish_due_at: null,
        finish_error: null,
        ...(cleaned ? { wholesaler_cleaned_at: sql`now()` } : {}),
        updated_at: sql`now()`,
      })
      .where(
        and(eq(meetings.id, id), isNull(meetings.wholesaler_cleaned_at), sql`${meetings.finish_due_at} is not null`),
      )
      .returning();
    if (!row) return;
    const segments = await tx.$count(transcriptions, eq(transcriptions.meeting_id, id));
    await announceTranscript(tx, row, segments);
  });
}

/** Takes a meeting off the queue that was said to be over and is not. */
export async function unmarkEnded(db: Db, id: number): Promise<void> {
  await db
    .update(meetings)
    .set({
      finish_due_at: null,
      ended_upstream_at: null,
      expected_checksum: null,
      expected_segments: null,
      transcript_incomplete: false,
    })
    .where(and(eq(meetings.id, id), isNull(meetings.transcript_cached_at)));
}

export const countDue = (db: Db): Promise<number> => db.$count(meetings, sql`${meetings.finish_due_at} is not null`);
