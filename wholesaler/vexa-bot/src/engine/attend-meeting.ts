import type { Logger } from '@vexa/shared/logging';
import type { MeetingConfig } from '../config.ts';
import { joinUrl } from '../recipes/find-recipe.ts';
import type { Recipe } from '../recipes/recipe.ts';
import { type AloneReason, createAloneRule } from './alone.ts';
import { completed, type Ending, failed, PageLost, RunOver } from './endings.ts';
import type { MeetingPage } from './meeting-page.ts';
import type { Progress, Stage } from './progress.ts';

export interface Attendance {
  meeting: MeetingConfig;
  recipe: Recipe;
  logger: Logger;
  /** Aborted with a `RunOver` when the bot has to go: a command, a signal, the maximum time. */
  leaving: AbortSignal;
  progress: Progress;
  /** On the clock of `performance.now()`. */
  lastSoundAt: () => number | undefined;
}

/** From asking to get in to the first sign of either answer. */
const answerTimeoutMs = 60_000;
/** Somebody who is there may have no microphone; then nothing will be heard of them. */
const firstAudioTimeoutMs = 10_000;
const aloneCheckMs = 250;
const gotoTries = 3;
const gotoPauseMs = 1_000;

/**
 * One stay in the meeting: in through the door, until it is over. Returns why it ended; rejects with `PageLost`
 * when the page broke, with `RunOver` when the bot was told to go.
 */
export async function attendMeeting(attendance: Attendance, page: MeetingPage): Promise<Ending> {
  attendance.progress.reach('joining');
  const refusal = (await askToEnter(attendance, page)) ?? (await waitForAdmission(attendance, page));
  if (refusal) return refusal;
  await waitForAudio(attendance, page);
  if (!gone(page)) attendance.progress.reach('active');
  return waitForEnd(attendance, page);
}

async function askToEnter(attendance: Attendance, page: MeetingPage): Promise<Ending | undefined> {
  const { meeting, recipe, leaving } = attendance;
  try {
    await unlessLeaving(leaving, openDoor(attendance, page));
    await unlessLeaving(leaving, page.take(recipe.join, meeting));
    return undefined;
  } catch (error) {
    if (error instanceof RunOver) throw error;
    if (page.lostError) throw page.lostError;
    return failed('join_failure', 'joining', error instanceof Error ? error.message : String(error));
  }
}

async function openDoor({ meeting, recipe, logger, leaving }: Attendance, page: MeetingPage): Promise<void> {
  const url = joinUrl(recipe, meeting.meetingUrl);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await page.goto(url);
    } catch (error) {
      if (attempt >= gotoTries || leaving.aborted) throw firstLine(error);
      logger.warn({ attempt }, 'the meeting page did not open; trying again');
      await pause(gotoPauseMs * attempt);
    }
  }
}

async function waitForAdmission(attendance: Attendance, page: MeetingPage): Promise<Ending | undefined> {
  const first = await within(attendance, answerTimeoutMs, (signal) =>
    page.until(() => answerOf(page, 'joining') ?? (page.view.signals.lobby.length > 0 ? 'lobby' : undefined), signal),
  );
  if (first === 'timeout') return failed('join_failure', 'joining', 'The page showed neither the meeting nor a lobby.');
  if (first !== 'lobby') return first.refusal;
  attendance.progress.reach('awaiting_admission');
  const answer = await within(attendance, attendance.meeting.automaticLeave.waitingRoomTimeout, (signal) =>
    page.until(() => answerOf(page, 'awaiting_admission'), signal),
  );
  if (answer !== 'timeout') return answer.refusal;
  return failed('awaiting_admission_timeout', 'awaiting_admission', 'Nobody let the bot in in time.');
}

/** In (no refusal), or out for good. */
function answerOf(page: MeetingPage, stage: Stage): { refusal: Ending | undefined } | undefined {
  const { signals } = page.view;
  if (signals.rejected.length > 0) {
    return { refusal: failed('awaiting_admission_rejected', stage, 'The host did not let the bot in.') };
  }
  if (signals.ended.length > 0) return { refusal: failed('join_failure', stage, 'The meeting had ended already.') };
  if (signals.removed.length > 0) return { refusal: failed('join_failure', stage, 'The bot was removed at the door.') };
  if (signals.refused.length > 0) {
    return { refusal: failed('join_failure', stage, `The page refused the bot: ${signals.refused.join(', ')}.`) };
  }
  if (signals.lost.length > 0) throw new PageLost('The page lost its connection.');
  return page.admitted ? { refusal: undefined } : undefined;
}

async function waitForAudio(attendance: Attendance, page: MeetingPage): Promise<void> {
  const flowing = await within(attendance, firstAudioTimeoutMs, (signal) =>
    page.until(() => page.chunksHeard > 0 || othersIn(page) === 0 || gone(page) || undefined, signal),
  );
  if (flowing === 'timeout') attendance.logger.warn('somebody is there, but no audio arrived yet');
}

const gone = (page: MeetingPage): boolean => endOf(page) !== undefined;

const othersIn = (page: MeetingPage): number => page.view.people.filter(({ self, bot }) => !self && !bot).length;

async function waitForEnd(attendance: Attendance, page: MeetingPage): Promise<Ending> {
  const watch = new AbortController();
  try {
    const alone = aloneFor(attendance, page, watch.signal);
    return await Promise.race([page.until(() => endOf(page), attendance.leaving), alone]);
  } finally {
    watch.abort();
  }
}

function endOf({ view: { signals } }: MeetingPage): Ending | undefined {
  if (signals.removed.length > 0) return completed('evicted', 'The bot was removed from the meeting.');
  if (signals.ended.length > 0) return completed('meeting_ended', 'The meeting ended.');
  if (signals.refused.length > 0)
    return completed('evicted', `The page let the bot go: ${signals.refused.join(', ')}.`);
  if (signals.lost.length > 0) throw new PageLost('The page lost its connection.');
  return undefined;
}

const aloneText: Record<AloneReason, string> = {
  startup_alone: 'Nobody joined.',
  left_alone: 'Everybody else left.',
};

function aloneFor({ meeting, lastSoundAt }: Attendance, page: MeetingPage, signal: AbortSignal): Promise<Ending> {
  const { noOneJoinedTimeout, everyoneLeftTimeout } = meeting.automaticLeave;
  const limits = { noOneJoinedMs: noOneJoinedTimeout, everyoneLeftMs: everyoneLeftTimeout };
  const rule = createAloneRule(limits, performance.now());
  const { promise, resolve } = Promise.withResolvers<Ending>();
  const check = () => {
    const alone = rule({ others: othersIn(page), lastSoundAt: lastSoundAt(), now: performance.now() });
    if (alone) resolve(completed(alone, aloneText[alone]));
  };
  check();
  const timer = setInterval(check, aloneCheckMs);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  return promise;
}

/** The work's value, or `timeout`. Rejects with the reason of `leaving` when that comes first. */
async function within<T>(
  { leaving }: Attendance,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | 'timeout'> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await work(AbortSignal.any([leaving, timeout]));
  } catch (error) {
    if (timeout.aborted && error === timeout.reason) return 'timeout';
    throw error;
  }
}

async function unlessLeaving<T>(leaving: AbortSignal, work: Promise<T>): Promise<T> {
  const left = Promise.withResolvers<never>();
  const stop = () => left.reject(leaving.reason);
  if (leaving.aborted) stop();
  leaving.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, left.promise]);
  } finally {
    leaving.removeEventListener('abort', stop);
  }
}

/** The browser's messages go on with a call log that says nothing to a reader of the reason. */
const firstLine = (error: unknown): Error =>
  new Error((error instanceof Error ? error.message : String(error)).split('\n')[0], { cause: error });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
