import { errorFields } from '@vexa/shared/logging';
import { meetings } from '@vexa/wholesaler-database/schema';
import { eq, sql } from 'drizzle-orm';
import { listRuns } from '../bots/bot-run-store.ts';
import { type LaunchDeps, launchBot, openRun } from '../bots/launch-bot.ts';
import type { LifecycleLimits } from '../config.ts';
import { lockMeeting } from '../meetings/meeting-store.ts';
import { history } from '../meetings/transition.ts';
import { mayReplace } from './next-step.ts';

export interface ReplaceDeps extends LaunchDeps {
  now: () => Date;
  limits: LifecycleLimits;
}

/**
 * Sends another bot to a meeting whose bot died: same meeting, new connection. Decided again under a lock on the
 * meeting, so that two who found the same bot dead send one. A launch that fails is left to be found.
 */
export async function replaceBot(deps: ReplaceDeps, meetingId: number): Promise<void> {
  const opened = await deps.db.transaction(async (tx) => {
    const meeting = await lockMeeting(tx, meetingId);
    const runs = await listRuns(tx, meetingId);
    if (!meeting || !mayReplace({ meeting, runs }, deps.limits)) return undefined;
    const at = deps.now();
    const note = { to: meeting.status, at, source: 'reconciler', reason: 'The bot stopped working and was replaced.' };
    await tx
      .update(meetings)
      .set({ data: sql`${meetings.data} || ${history(note)}`, updated_at: at })
      .where(eq(meetings.id, meetingId));
    return { meeting, run: await openRun(tx, meetingId, at) };
  });
  if (!opened) return;
  deps.logger.warn({ meeting_id: meetingId }, 'bot replaced');
  try {
    await launchBot(deps, opened.meeting, opened.run);
    deps.metrics.botStarted('replacement');
  } catch (error) {
    deps.logger.error({ ...errorFields(error), meeting_id: meetingId }, 'replacement could not be started');
  }
}
