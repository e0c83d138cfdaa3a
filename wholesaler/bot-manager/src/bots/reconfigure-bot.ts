import type { ReconfigureBotRequest } from '@vexa/shared/contracts/meeting';
import type { Db } from '@vexa/shared/db/client';
import { ServiceError } from '@vexa/shared/errors';
import { requireMeeting } from '../meetings/get-meeting.ts';
import { type MeetingRef, mergeMeetingData } from '../meetings/meeting-store.ts';
import type { BotCommands } from './bot-commands.ts';
import { listRuns } from './bot-run-store.ts';

/**
 * Tells the running bot another language or task, also kept for a bot that replaces it. Throws `not_found`,
 * `bot_not_active`, and `unavailable` when no bot heard it.
 */
export async function reconfigureBot(
  { db, commands }: { db: Db; commands: BotCommands },
  { request, ...ref }: MeetingRef & { request: ReconfigureBotRequest },
): Promise<void> {
  const meeting = await requireMeeting(db, ref);
  const run = (await listRuns(db, meeting.id)).findLast(({ ended_at }) => ended_at === null);
  if (meeting.status !== 'active' || !run) {
    throw new ServiceError('bot_not_active', `The meeting is ${meeting.status}; only a bot in a meeting can change.`);
  }
  const heard = await commands
    .send(run.connection_id, { action: 'reconfigure', ...request })
    .catch((cause: unknown) => {
      throw new ServiceError('unavailable', 'The bot cannot be reached now.', { retryAfterSeconds: 5, cause });
    });
  if (heard === 0) throw new ServiceError('unavailable', 'The bot does not listen now.', { retryAfterSeconds: 5 });
  await mergeMeetingData(db, meeting.id, request);
}
