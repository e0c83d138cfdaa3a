import { errorFields } from '@vexa/shared/logging';
import { startWorkQueue, type WorkQueue } from '@vexa/shared/work-queue';
import type { MeetingRow } from '../meetings/meeting.ts';
import { isOutage, WholesalerError } from '../wholesaler/wholesaler-error.ts';
import { type FinishDeps, finishMeeting, NotReadyError } from './finish-meeting.ts';
import { claimDue, postpone, unmarkEnded } from './finish-store.ts';

interface FinisherOptions {
  parallel?: number;
  pollMs?: number;
  /** Two workers at one meeting do no harm, as each step is done once; this only keeps them from it as a rule. */
  leaseMs?: number;
}

const firstDelayMs = 500;
const longestDelayMs = 60_000;

/**
 * Works off the finish queue, which is a column of the meetings themselves: what is left to do of a meeting is what
 * its row says. Any number of workers may run. Disposal lets finishes under way end.
 */
export function startFinisher(deps: FinishDeps, options: FinisherOptions = {}): WorkQueue {
  const { parallel = 4, pollMs = 1_000, leaseMs = 30_000 } = options;
  const { db, logger } = deps;
  return startWorkQueue<MeetingRow>({
    parallel,
    pollMs,
    async claim(limit, underWay) {
      try {
        return await claimDue(db, { leaseMs, limit, except: underWay.map(({ id }) => id) });
      } catch (error) {
        logger.error(errorFields(error), 'finish queue not readable');
        return [];
      }
    },
    async work(meeting) {
      try {
        await finishMeeting(deps, meeting);
        logger.info({ meeting_id: meeting.id }, 'meeting finished');
      } catch (error) {
        await retryLater(deps, meeting, error).catch((failure: unknown) => {
          // The database is away: the lease brings the meeting back.
          logger.error({ ...errorFields(failure), meeting_id: meeting.id }, 'finish not postponed');
        });
      }
    },
  });
}

async function retryLater({ db, logger }: FinishDeps, meeting: MeetingRow, error: unknown): Promise<void> {
  if (error instanceof NotReadyError && error.reason === 'still_running') {
    logger.warn({ meeting_id: meeting.id, reason: error.message }, 'a meeting was said to be over and is not');
    return unmarkEnded(db, meeting.id);
  }
  const isRefusal = error instanceof NotReadyError || (error instanceof WholesalerError && !isOutage(error));
  const delayMs = Math.min(firstDelayMs * 2 ** Math.min(meeting.finish_attempts, 16), longestDelayMs);
  // Of a failed statement only the cause is told: its own message repeats what was said in the meeting.
  const { err } = errorFields(error);
  const fields = { meeting_id: meeting.id, retry_in_ms: delayMs };
  if (isRefusal || error instanceof WholesalerError) {
    logger.warn({ ...fields, reason: err.message }, 'finish to be repeated');
  } else logger.error({ ...fields, err }, 'finish failed');
  await postpone(db, meeting, { delayMs, reason: err.message, isRefusal });
}
