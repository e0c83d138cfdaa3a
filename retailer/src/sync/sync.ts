import { forgetAnswersBefore } from '@vexa/shared/idempotency/answer-store';
import { errorFields } from '@vexa/shared/logging';
import { deleteExpiredShares } from '@vexa/shared/transcripts/share-store';
import { applyEvent } from '../inbound/apply-event.ts';
import { selectPending } from '../inbound/inbound-store.ts';
import { purgeUnheld } from '../meetings/link-store.ts';
import type { MeetingRow } from '../meetings/meeting.ts';
import { WholesalerError } from '../wholesaler/wholesaler-error.ts';
import { type Drift, type SyncDeps, syncOrphan, syncRunning, syncUnanswered } from './sync-meeting.ts';
import { selectLive, selectPossibleOrphans, selectUnanswered } from './sync-store.ts';

export interface SyncReport {
  started_at: string;
  finished_at: string;
  /** Meetings compared with the wholesaler. */
  compared: number;
  /** Meetings of which the wholesaler would not tell. */
  unanswered: number;
  events_applied: number;
  purged: number;
  /** At most the first 100. */
  drift: { meeting_id: number; kind: Drift }[];
}

const batch = 100;
const parallel = 4;
const reportedDrift = 100;
/** For how long a request may be repeated under its `Idempotency-Key`. */
const answersKeptMs = 24 * 3_600_000;

type Page = (afterId: number) => Promise<MeetingRow[]>;

/** Compares every live meeting with the wholesaler and puts right what differs. One meeting's trouble stops no other. */
export async function runSync(
  deps: SyncDeps & { onDrift?: (kind: Drift) => void },
  startGraceMs: number,
): Promise<SyncReport> {
  const { db, logger } = deps;
  const startedAt = new Date();
  const report = { compared: 0, unanswered: 0, events_applied: 0, purged: 0, drift: [] as SyncReport['drift'] };

  const compare = async (meeting: MeetingRow, look: () => Promise<Drift | undefined>): Promise<void> => {
    report.compared++;
    try {
      const kind = await look();
      if (!kind) return;
      deps.onDrift?.(kind);
      logger.info({ meeting_id: meeting.id, drift: kind }, 'meeting differed from the wholesaler');
      if (report.drift.length < reportedDrift) report.drift.push({ meeting_id: meeting.id, kind });
    } catch (error) {
      report.unanswered++;
      // The client has told of calls that failed.
      if (!(error instanceof WholesalerError)) {
        logger.error({ ...errorFields(error), meeting_id: meeting.id }, 'meeting could not be compared');
      }
    }
  };
  const compareAll = async (page: Page, look: (meeting: MeetingRow) => Promise<Drift | undefined>): Promise<void> => {
    for (let afterId = 0; ; ) {
      const meetings = await page(afterId);
      for (let at = 0; at < meetings.length; at += parallel) {
        await Promise.all(meetings.slice(at, at + parallel).map((meeting) => compare(meeting, () => look(meeting))));
      }
      afterId = meetings.at(-1)?.id ?? afterId;
      if (meetings.length < batch) return;
    }
  };

  const cutOff = new Date(startedAt.getTime() - startGraceMs);
  await compareAll(
    (afterId) => selectUnanswered(db, cutOff, { afterId, limit: batch }),
    (meeting) => syncUnanswered(deps, meeting, startedAt),
  );
  for (const meeting of await selectPossibleOrphans(db, batch)) {
    await compare(meeting, () => syncOrphan(deps, meeting, startedAt));
  }
  // After the starts were settled, because events may have waited for them.
  for (const event of await selectPending(db, batch)) {
    const meetingId = await applyEvent(db, event, startedAt);
    if (meetingId === undefined) continue;
    report.events_applied++;
    deps.onEnded(meetingId);
  }
  await compareAll(
    (afterId) => selectLive(db, { afterId, limit: batch }),
    (meeting) => syncRunning(deps, meeting),
  );
  report.purged = await purgeUnheld(db);
  await forgetAnswersBefore(db, new Date(startedAt.getTime() - answersKeptMs));
  await deleteExpiredShares(db, 1_000);
  return { started_at: startedAt.toISOString(), finished_at: new Date().toISOString(), ...report };
}
