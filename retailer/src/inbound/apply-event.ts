import type { Db } from '@vexa/shared/db/client';
import { and, eq, isNull } from 'drizzle-orm';
import { meetings } from '../db/schema.ts';
import { markEnded } from '../meetings/meeting-store.ts';
import { FinishedData, isFinishedEvent, parseEvent } from './event.ts';
import { type InboundRow, markProcessed } from './inbound-store.ts';

const keepUnknownMs = 24 * 3_600_000;

/**
 * Puts the meeting an event is about into the finish queue, and returns its id. An event about a meeting we do not know
 * (yet: its start may still be under repair) stays pending for a day.
 */
export async function applyEvent(db: Db, event: InboundRow, now = new Date()): Promise<number | undefined> {
  const parsed = parseEvent(event.body);
  const finished = parsed && isFinishedEvent(parsed.type) ? FinishedData.safeParse(parsed.data).data : undefined;
  if (!finished) {
    await markProcessed(db, event.webhook_id, 'ignored');
    return undefined;
  }
  const [meeting] = await db
    .select({ id: meetings.id })
    .from(meetings)
    .where(
      and(
        eq(meetings.wholesaler_meeting_id, finished.meeting_id),
        eq(meetings.platform, finished.platform),
        eq(meetings.platform_specific_id, finished.native_meeting_id),
        isNull(meetings.wholesaler_cleaned_at),
      ),
    );
  if (!meeting) {
    const isOld = now.getTime() - event.received_at.getTime() > keepUnknownMs;
    if (isOld) await markProcessed(db, event.webhook_id, 'unknown meeting');
    return undefined;
  }
  const ended = await markEnded(db, meeting.id, {
    checksum: finished.checksum,
    segments: finished.segment_count,
    incomplete: finished.incomplete,
  });
  await markProcessed(db, event.webhook_id, ended ? 'finish queued' : 'finished before');
  return meeting.id;
}
