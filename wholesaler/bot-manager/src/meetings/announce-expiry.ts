import type { Db } from '@vexa/shared/db/client';
import { enqueueWebhook } from '@vexa/shared/webhooks/enqueue';
import { meetings } from '@vexa/wholesaler-database/schema';
import { and, eq, isNull } from 'drizzle-orm';
import { requireFinished } from './get-meeting.ts';

/**
 * Tells the customer once that the meeting will be deleted at `expiresAt`. Throws `not_found`, and
 * `meeting_not_finalized` while it is live.
 */
export async function announceExpiry(
  { db, now, outbox }: { db: Db; now: () => Date; outbox: { nudge(): void } },
  { meetingId, expiresAt }: { meetingId: number; expiresAt: string },
): Promise<void> {
  await requireFinished(db, meetingId);
  await db.transaction(async (tx) => {
    const [meeting] = await tx
      .update(meetings)
      .set({ expiry_told_at: now() })
      .where(and(eq(meetings.id, meetingId), isNull(meetings.expiry_told_at), isNull(meetings.redacted_at)))
      .returning();
    if (!meeting) return;
    const { id, platform, platform_specific_id, status, completion_reason } = meeting;
    await enqueueWebhook(tx, {
      userId: meeting.user_id,
      type: 'meeting.expiring',
      data: {
        meeting_id: id,
        platform,
        native_meeting_id: platform_specific_id,
        status,
        completion_reason,
        expires_at: expiresAt,
      },
    });
  });
  outbox.nudge();
}
