import type { Db } from '@vexa/shared/db/client';
import { errorFields, type Logger } from '@vexa/shared/logging';
import {
  idempotencyKeys,
  meetings,
  userErasures,
  webhookDeliveries,
  webhookEndpoints,
} from '@vexa/wholesaler-database/schema';
import { and, asc, eq, inArray, isNull } from 'drizzle-orm';
import type { MeetingRow } from '../meetings/meeting-store.ts';
import { type PurgeDeps, purge } from '../meetings/purge-meeting.ts';

interface Deps extends PurgeDeps {
  logger: Logger;
}

const usersAtOnce = 10;
const meetingsAtOnce = 50;

/**
 * Erases what is left of deleted users: their meetings are purged, a portion each time, then their webhooks go and the
 * user is taken off the list. Safe to repeat and to break off; what fails is tried again the next time.
 */
export async function eraseDeletedUsers(deps: Deps): Promise<void> {
  const { db, logger } = deps;
  const users = await db.select().from(userErasures).orderBy(asc(userErasures.requested_at)).limit(usersAtOnce);
  for (const { user_id: userId } of users) {
    try {
      const kept = await keptMeetings(db, userId);
      for (const meeting of kept) await purge(deps, meeting);
      if (kept.length < meetingsAtOnce) await forgetUser(db, userId);
    } catch (error) {
      logger.warn({ ...errorFields(error), user_id: userId }, 'a deleted user will be erased later');
    }
  }
}

const keptMeetings = (db: Db, userId: number): Promise<MeetingRow[]> =>
  db
    .select()
    .from(meetings)
    .where(
      and(
        eq(meetings.user_id, userId),
        inArray(meetings.status, ['completed', 'failed']),
        isNull(meetings.redacted_at),
      ),
    )
    .orderBy(asc(meetings.created_at))
    .limit(meetingsAtOnce);

const forgetUser = (db: Db, userId: number): Promise<void> =>
  db.transaction(async (tx) => {
    await tx.delete(webhookDeliveries).where(eq(webhookDeliveries.user_id, userId));
    await tx.delete(webhookEndpoints).where(eq(webhookEndpoints.user_id, userId));
    await tx.delete(idempotencyKeys).where(eq(idempotencyKeys.user_id, userId));
    await tx.delete(userErasures).where(eq(userErasures.user_id, userId));
  });
