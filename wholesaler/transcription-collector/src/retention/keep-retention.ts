import type { Db } from '@vexa/shared/db/client';
import { errorFields, type Logger } from '@vexa/shared/logging';
import { deleteExpiredShares } from '@vexa/shared/transcripts/share-store';
import type { RetentionConfig } from '../config.ts';
import type { BotManagerClient } from './bot-manager-client.ts';
import { expiredMeetings, untoldMeetings } from './retention-store.ts';

export interface RetentionDeps {
  db: Db;
  botManager: BotManagerClient;
  logger: Logger;
  retention: RetentionConfig;
  now: () => Date;
}

const meetingsAtOnce = 100;
const sharesAtOnce = 1_000;

/**
 * Deletes what nobody fetched in time, and says so beforehand: a customer always has the whole notice, also when the
 * collector was away at the time it was due. Several collectors may do so at once, since bot-manager does each thing once.
 */
export async function keepRetention(deps: RetentionDeps): Promise<void> {
  const { db, botManager, retention, now } = deps;
  await deleteExpiredShares(db, sharesAtOnce);
  if (retention.keptMs === 0) return;
  const { keptMs, noticeMs } = retention;
  const at = now().getTime();
  const ago = (ms: number) => new Date(at - ms);
  const expired = await expiredMeetings(db, {
    endedBefore: ago(keptMs),
    toldBefore: ago(noticeMs),
    limit: meetingsAtOnce,
  });
  for (const { id } of expired) await attempt(deps, id, () => botManager.expire(id));
  const untold = await untoldMeetings(db, { endedBefore: ago(keptMs - noticeMs), limit: meetingsAtOnce });
  for (const { id, endedAt } of untold) {
    const expiresAt = new Date(Math.max((endedAt?.getTime() ?? at) + keptMs, at + noticeMs));
    await attempt(deps, id, () => botManager.expiring(id, expiresAt));
  }
}

/** One meeting that cannot be done now must not hold up the others. */
async function attempt({ logger }: RetentionDeps, meetingId: number, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    logger.warn({ ...errorFields(error), meeting_id: meetingId }, 'retention will be tried again');
  }
}

/** Looks after retention each interval until disposed. */
export function startRetention(deps: RetentionDeps): AsyncDisposable {
  let current = Promise.resolve();
  const look = () => {
    current = current
      .then(() => keepRetention(deps))
      .catch((error: unknown) => deps.logger.warn(errorFields(error), 'retention will be tried again'));
  };
  const timer = setInterval(look, deps.retention.checkEveryMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await current;
    },
  };
}
