import type { Db } from '@vexa/shared/db/client';
import { notFound } from '@vexa/shared/errors';
import type { Logger } from '@vexa/shared/logging';
import { countAttending, leave } from '../meetings/link-store.ts';
import { isRunning, type MeetingRef, type MeetingRow, upstreamRef } from '../meetings/meeting.ts';
import { findHeld, transition } from '../meetings/meeting-store.ts';
import type { WholesalerClient } from '../wholesaler/client.ts';
import { WholesalerError } from '../wholesaler/wholesaler-error.ts';

interface Deps {
  db: Db;
  client: Pick<WholesalerClient, 'stopBot'>;
  logger: Logger;
}

export const stopAccepted = 'Stop request accepted and is being processed.';
export const alreadyCompleted = 'Meeting already completed.';

/**
 * Takes the user off the bot; when nobody wants it any more, it is told to leave. What was accepted is kept in the
 * database, and the sync repeats a stop that does not get through. Throws `not_found`.
 */
export async function stopBot(deps: Deps, userId: number, ref: MeetingRef): Promise<string> {
  const outcome = await deps.db.transaction(async (tx) => {
    const held = await findHeld(tx, userId, ref, { lock: true });
    if (!held) throw notFound('Meeting');
    if (!isRunning(held.meeting)) return { message: alreadyCompleted };
    await leave(tx, userId, held.meeting.id);
    if ((await countAttending(tx, held.meeting.id)) > 0) return { message: stopAccepted };
    return { message: stopAccepted, unwanted: await markStopping(tx, held.meeting) };
  });
  if (outcome.unwanted) await sendStop(deps, outcome.unwanted);
  return outcome.message;
}

export const markStopping = async (db: Db, meeting: MeetingRow): Promise<MeetingRow> =>
  (await transition(db, meeting.id, { to: 'stopping', source: 'retailer' })) ?? meeting;

export async function sendStop({ client, logger }: Omit<Deps, 'db'>, meeting: MeetingRow): Promise<void> {
  const ref = upstreamRef(meeting);
  if (!ref) return; // still being started: whoever does so sees that it is not wanted any more
  try {
    await client.stopBot(ref);
  } catch (error) {
    if (!(error instanceof WholesalerError)) throw error;
    logger.warn({ meeting_id: meeting.id, reason: error.message }, 'the stop is left to the next sync');
  }
}
