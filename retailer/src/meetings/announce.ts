import type { WebhookEventType } from '@vexa/shared/contracts/webhook-events';
import type { Db } from '@vexa/shared/db/client';
import { enqueueWebhook } from '@vexa/shared/webhooks/enqueue';
import { isWanted } from '@vexa/shared/webhooks/events';
import { and, eq, isNull } from 'drizzle-orm';
import { userMeetings, webhookEndpoints } from '../db/schema.ts';
import { iso, type MeetingRow } from './meeting.ts';

/** Tells everybody who holds a meeting of its new status, in the transaction that changes it. */
export async function announceStatus(tx: Db, meeting: MeetingRow, reason: string | undefined): Promise<void> {
  const data = {
    ...factsOf(meeting),
    previous_status: meeting.data.status_transition?.at(-1)?.from ?? null,
    failure_stage: meeting.failure_stage,
    ...(reason ? { reason } : {}),
  };
  const types: WebhookEventType[] = ['meeting.status_change'];
  if (meeting.status === 'active') types.push('meeting.started');
  if (meeting.status === 'failed') types.push('bot.failed');
  await announce(tx, meeting.id, types, data);
}

/** Tells everybody who holds a meeting that it is over, and that its transcript is here. */
export async function announceTranscript(tx: Db, meeting: MeetingRow, segments: number): Promise<void> {
  await announce(tx, meeting.id, ['meeting.finished', 'transcript.ready'], {
    ...factsOf(meeting),
    start_time: iso(meeting.start_time),
    end_time: iso(meeting.end_time),
    segment_count: segments,
    checksum: meeting.transcript_checksum,
    incomplete: meeting.transcript_incomplete,
  });
}

const factsOf = (meeting: MeetingRow) => ({
  meeting_id: meeting.id,
  platform: meeting.platform,
  native_meeting_id: meeting.platform_specific_id,
  status: meeting.status,
  completion_reason: meeting.completion_reason,
});

async function announce(
  tx: Db,
  meetingId: number,
  types: WebhookEventType[],
  data: Record<string, unknown>,
): Promise<void> {
  const endpoints = await tx
    .select({ userId: webhookEndpoints.user_id, events: webhookEndpoints.events })
    .from(webhookEndpoints)
    .innerJoin(userMeetings, eq(userMeetings.user_id, webhookEndpoints.user_id))
    .where(
      and(eq(userMeetings.meeting_id, meetingId), isNull(userMeetings.deleted_at), eq(webhookEndpoints.enabled, true)),
    )
    .orderBy(webhookEndpoints.user_id);
  for (const { userId, events } of endpoints) {
    for (const type of types.filter((one) => isWanted(events, one))) await enqueueWebhook(tx, { userId, type, data });
  }
}
