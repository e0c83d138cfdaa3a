import type { ReconfigureBotRequest } from '@vexa/shared/contracts/meeting';
import type { Db } from '@vexa/shared/db/client';
import { notFound, ServiceError } from '@vexa/shared/errors';
import { isRunning, type MeetingRef, upstreamRef } from '../meetings/meeting.ts';
import { findHeld } from '../meetings/meeting-store.ts';
import type { WholesalerClient } from '../wholesaler/client.ts';
import { toServiceError } from '../wholesaler/error-mapping.ts';

export interface ReconfigureDeps {
  db: Db;
  client: Pick<WholesalerClient, 'reconfigureBot'>;
}

/** Hands a change on to the bot. Throws `not_found`, and `bot_not_active` when there is no bot of this user to change. */
export async function reconfigureBot(
  { db, client }: ReconfigureDeps,
  userId: number,
  { ref, change }: { ref: MeetingRef; change: ReconfigureBotRequest },
): Promise<void> {
  const held = await findHeld(db, userId, ref);
  if (!held) throw notFound('Meeting');
  const upstream = upstreamRef(held.meeting);
  if (!upstream || !isRunning(held.meeting) || held.link.left_at !== null) {
    throw new ServiceError('bot_not_active', 'You have no bot in this meeting at the moment.');
  }
  try {
    await client.reconfigureBot(upstream, change);
  } catch (error) {
    throw toServiceError(error);
  }
}
