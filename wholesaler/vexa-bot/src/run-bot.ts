import type { BotCommand } from '@vexa/shared/contracts/bot';
import { createLogger, errorFields, type Logger } from '@vexa/shared/logging';
import { MeetingAudio } from './audio/meeting-audio.ts';
import { findChromium } from './browser/find-chromium.ts';
import { launchBrowser } from './browser/launch.ts';
import { CallbackReporter } from './callbacks/callback-reporter.ts';
import { listenForCommands } from './commands/listen-for-commands.ts';
import type { BotSettings, MeetingConfig } from './config.ts';
import { createDeparture, type Departure } from './engine/departure.ts';
import { completed, type Ending, exitCodes, failed, RunOver } from './engine/endings.ts';
import { enterAndStay } from './engine/enter-and-stay.ts';
import { pruneDiagnoses } from './engine/keep-diagnosis.ts';
import { Progress } from './engine/progress.ts';
import { findRecipe } from './recipes/find-recipe.ts';

export interface BotRun {
  /** Leaves the meeting in good order; `finished` resolves when the bot is gone. */
  leave(reason: string): void;
  finished: Promise<{ ending: Ending; exitCode: number }>;
}

interface Overrides {
  logger?: Logger;
  /** How long the last report is tried. */
  finalReportDeadlineMs?: number;
  /** Called once, when the meeting is reached. */
  onActive?: () => void;
}

interface Parts {
  settings: BotSettings;
  logger: Logger;
  departure: Departure;
  progress: Progress;
  audio: MeetingAudio;
}

const finishAudioTimeoutMs = 20_000;
/** Leaving takes 8 s and closing the browser 5 s at most, if the browser still answers at all. */
const hungBrowserMs = 20_000;

/** One bot in one meeting, from now until it is gone again. */
export function startBot(settings: BotSettings, overrides: Overrides = {}): BotRun {
  const { meeting } = settings;
  const { meeting_id: meetingId, connectionId } = meeting;
  const about = { meetingId, connectionId, ...(meeting.requestId && { request_id: meeting.requestId }) };
  const logger = (overrides.logger ?? createLogger('vexa-bot', settings.logLevel)).child(about);
  const progress = new Progress((stage) => {
    logger.info({ stage }, 'stage reached');
    reporter.report({ status: stage });
    if (stage === 'active') overrides.onActive?.();
  });
  const departure = createDeparture(logger, () => progress.stage === 'active');
  const speech = { language: meeting.language, task: meeting.task };
  const audio = audioOf(meeting, speech, logger);
  let disowned = false;
  const reporter = new CallbackReporter({
    url: meeting.botManagerCallbackUrl,
    token: meeting.token,
    traceHeaders: {
      ...(meeting.requestId && { 'x-request-id': meeting.requestId }),
      ...(meeting.traceparent && { traceparent: meeting.traceparent }),
    },
    connectionId,
    containerId: settings.containerId,
    heartbeatMs: settings.heartbeatMs,
    logger,
    heartbeat: () => ({ audio_seconds_heard: audio.heardSeconds }),
    onLeave: () => departure.stop('The manager asked the bot to leave.'),
    onDisowned: () => {
      disowned = true;
      departure.stop('The manager does not know this run.');
    },
    ...(overrides.finalReportDeadlineMs && { finalDeadlineMs: overrides.finalReportDeadlineMs }),
  });
  const obey = (command: BotCommand) => {
    if (command.action === 'leave') departure.stop('A command asked the bot to leave.');
    else reconfigure(speech, audio, command);
  };

  async function run(): Promise<{ ending: Ending; exitCode: number }> {
    using _commands = listenForCommands({ redisUrl: meeting.redisUrl, connectionId, logger, onCommand: obey });
    const ending = await attend({ settings, logger, departure, progress, audio });
    const exitCode = disowned ? exitCodes.disowned : exitCodes[ending.status];
    logger.info({ ...ending, exitCode, heardSeconds: audio.heardSeconds, lostSeconds: audio.lostSeconds }, 'gone');
    if (disowned) reporter.stop();
    else await reporter.finish(lastReport(ending, exitCode, audio));
    return { ending, exitCode };
  }
  return { leave: departure.stop, finished: run() };
}

/** Attends the meeting with a browser that is gone afterwards; every failure becomes an ending. */
async function attend({ settings, logger, departure, progress, audio }: Parts): Promise<Ending> {
  const { meeting } = settings;
  const recipe = findRecipe(meeting.platform);
  if (settings.diagnosisDir) {
    const problem = (error: unknown) => logger.warn(errorFields(error), 'old diagnoses could not be removed');
    await pruneDiagnoses(settings.diagnosisDir).catch(problem);
  }
  logger.info({ platform: recipe.platform, recipe: recipe.version, checkedOn: recipe.checkedOn }, 'attending');
  const maxTime = setTimeout(
    () => departure.go(completed('max_bot_time_exceeded', 'The bot stayed as long as it may.')),
    meeting.automaticLeave.maxBotTime,
  );
  const leaving = departure.signal;
  const visit = async () => {
    await using browser = await launchBrowser(await findChromium(settings.chromium), settings.browser);
    const { diagnosisDir } = settings;
    const lastSoundAt = () => audio.lastSoundAt;
    const attendance = { meeting, recipe, logger, leaving, progress, lastSoundAt, diagnosisDir };
    return await enterAndStay(attendance, browser, audio);
  };
  try {
    return await atMostAfter(leaving, hungBrowserMs, visit());
  } catch (error) {
    if (error instanceof RunOver) return error.ending;
    logger.error(errorFields(error), 'the bot failed');
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return failed(progress.stage === 'active' ? 'bot_crashed' : 'join_failure', progress.stage, reason);
  } finally {
    clearTimeout(maxTime);
    await audio.finish(finishAudioTimeoutMs);
  }
}

/** The work's result; rejects with the signal's reason when the work still goes on so long after the signal. */
async function atMostAfter<T>(signal: AbortSignal, ms: number, work: Promise<T>): Promise<T> {
  const hung = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const arm = () => {
    timer = setTimeout(() => hung.reject(signal.reason), ms);
  };
  signal.addEventListener('abort', arm, { once: true });
  try {
    return await Promise.race([work, hung.promise]);
  } finally {
    signal.removeEventListener('abort', arm);
    clearTimeout(timer);
  }
}

type Speech = Pick<MeetingConfig, 'language' | 'task'>;

const audioOf = (meeting: MeetingConfig, speech: Speech, logger: Logger): MeetingAudio =>
  new MeetingAudio({
    voices: findRecipe(meeting.platform).voices,
    whisperLiveUrl: meeting.whisperLiveUrl,
    logger,
    settings: () => ({
      token: meeting.token,
      platform: meeting.platform,
      meeting_id: meeting.meeting_id,
      meeting_url: meeting.meetingUrl,
      native_meeting_id: meeting.nativeMeetingId,
      model_identifier: meeting.model_identifier,
      use_vad: true,
      ...(meeting.requestId && { request_id: meeting.requestId }),
      ...(meeting.traceparent && { traceparent: meeting.traceparent }),
      ...speech,
    }),
  });

/** Counts for open connections at once and for later ones from their start. */
function reconfigure(speech: Speech, audio: MeetingAudio, command: BotCommand & { action: 'reconfigure' }): void {
  const { language, task } = command;
  const change = { ...(language !== undefined && { language }), ...(task && { task }) };
  Object.assign(speech, change);
  audio.control({ type: 'reconfigure', payload: change });
}

function lastReport(ending: Ending, exitCode: number, audio: MeetingAudio) {
  const lost = audio.lostSeconds;
  return {
    status: ending.status,
    reason: lost > 0 ? `${ending.reason} ${lost.toFixed(1)} s of audio were lost.` : ending.reason,
    exit_code: exitCode,
    completion_reason: ending.completionReason,
    ...(ending.failureStage && { failure_stage: ending.failureStage }),
    audio_seconds_heard: audio.heardSeconds,
  };
}
