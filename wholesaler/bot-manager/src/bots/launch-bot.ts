import { randomBytes, randomUUID } from 'node:crypto';
import { signSessionToken } from '@vexa/shared/auth/session-token';
import type { Db } from '@vexa/shared/db/client';
import type { Logger } from '@vexa/shared/logging';
import { type MeetingRow, setBotContainer } from '../meetings/meeting-store.ts';
import type { LifecycleMetrics } from '../metrics/lifecycle-metrics.ts';
import type { Runner } from '../runners/runner.ts';
import { type BotRun, insertRun, setRunContainer } from './bot-run-store.ts';
import { automaticLeaveOf, settingsOf } from './bot-settings.ts';

export interface LaunchDeps {
  db: Db;
  runner: Runner;
  logger: Logger;
  metrics: LifecycleMetrics;
  /** What every bot is told, whichever meeting it is for. */
  bots: { whisperLiveUrl: string; redisUrl: string; callbackUrl: () => string };
  sessionTokenSecret: string;
}

/** Writes the run of a bot that is about to be started, so that a bot we do not know of never exists. */
export const openRun = (tx: Db, meetingId: number, at: Date): Promise<BotRun> =>
  insertRun(tx, {
    connection_id: randomUUID(),
    meeting_id: meetingId,
    container_name: `vexa-bot-${meetingId}-${randomBytes(4).toString('hex')}`,
    started_at: at,
  });

/** Starts the bot of an open run. Returns the meeting as it is then; rejects when the runner could not start it. */
export async function launchBot(deps: LaunchDeps, meeting: MeetingRow, run: BotRun): Promise<MeetingRow> {
  const { db, runner, logger, bots } = deps;
  const settings = settingsOf(meeting.data);
  const { bot_name, language, task, model_identifier, request_id, traceparent } = settings;
  const claims = { meeting_id: meeting.id, user_id: meeting.user_id, connection_id: run.connection_id };
  const bot = await runner.start({
    name: run.container_name,
    labels: { 'vexa.user_id': String(meeting.user_id), 'vexa.meeting_id': String(meeting.id) },
    config: {
      meeting_id: meeting.id,
      platform: meeting.platform,
      meetingUrl: meeting.meeting_url ?? '',
      botName: bot_name,
      nativeMeetingId: meeting.platform_specific_id,
      connectionId: run.connection_id,
      token: await signSessionToken(deps.sessionTokenSecret, claims),
      language,
      task,
      model_identifier,
      redisUrl: bots.redisUrl,
      whisperLiveUrl: bots.whisperLiveUrl,
      botManagerCallbackUrl: bots.callbackUrl(),
      automaticLeave: automaticLeaveOf(settings),
      ...(request_id ? { requestId: request_id } : {}),
      ...(traceparent ? { traceparent } : {}),
    },
  });
  logger.info({ meeting_id: meeting.id, bot: bot.name, container_id: bot.id }, 'bot started');
  if (!(await setRunContainer(db, run.connection_id, bot.id))) {
    // Somebody ended this run while its bot was being started.
    await runner.stop(bot.id, { graceMs: 0 });
    return meeting;
  }
  return (await setBotContainer(db, meeting.id, bot.id)) ?? meeting;
}
