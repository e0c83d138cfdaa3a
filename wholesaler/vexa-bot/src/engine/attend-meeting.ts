import type { Logger } from '@vexa/shared/logging';
import type { MeetingConfig } from '../config.ts';
import { joinUrl } from '../recipes/find-recipe.ts';
import type { Recipe } from '../recipes/recipe.ts';
import { type AloneReason, createAloneRule } from './alone.ts';
import { completed, type Ending, failed, PageLost, RunOver } from './endings.ts';
import { untilItHangs } from './hang.ts';
import type { MeetingPage } from './meeting-page.ts';
import type { Progress, Stage } from './progress.ts';
import { whyUnopened } from './why-unopened.ts';

export interface Attendance {
  meeting: MeetingConfig;
  recipe: Recipe;
  logger: Logger;
  /** Aborted with a `RunOver` when the bot has to go: a command, a signal, the maximum time. */
  leaving: AbortSignal;
  progress: Progress;
  /** On the clock of `performance.now()`. */
  lastSoundAt: () => number | undefined;
  /** Where to keep what a page showed when it went wrong. */
  diagnosisDir: string | undefined;
}

/** From asking to get in to the first sign of either answer. */
const answerTimeoutMs = 60_000;
/** Somebody who is there may have no microphone; then nothing will be heard of them. */
const firstAudioTimeoutMs = 10_000;
const overCheckMs = 250;
/** A page that is drawn anew shows nothing for a moment. */
const vanishedMs = 5_000;
const notStartedPauseMs = 3_000;
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

/** Undefined once the bot has knocked, or is in already. */
async function askToEnter(attendance: Attendance, page: MeetingPage): Promise<Ending | undefined> {
  const { progress, leaving } = attendance;
  const giveUpAt = performance.now() + attendance.meeting.automaticLeave.waitingRoomTimeout;
  try {
    for (;;) {
      await unlessLeaving(leaving, openDoor(attendance, page));
      const shown = await unlessLeaving(leaving, doorOrAnswer(attendance, page));
      if (shown === 'door') return await unlessLeaving(leaving, page.enter()).then(() => undefined);
      if (shown !== 'not started') return shown.refusal;
      progress.reach('awaiting_admission');
      if (performance.now() > giveUpAt) {
        const reason = 'The host did not start the meeting in time.';
        return failed('awaiting_admission_timeout', 'awaiting_admission', reason);
      }
      await unlessLeaving(leaving, pause(notStartedPauseMs));
    }
  } catch (error) {
    if (error instanceof RunOver || error instanceof PageLost) throw error;
    if (page.lostError) throw page.lostError;
    return failed('join_failure', progress.stage, error instanceof Error ? error.message : String(error));
  }
}

type Answer = { refusal: Ending | undefined };

async function doorOrAnswer(attendance: Attendance, page: MeetingPage): Promise<'door' | 'not started' | Answer> {
  const seen = new AbortController();
  const { stage } = attendance.progress;
  const notStarted = () => (page.signs('notStarted').length > 0 ? ('not started' as const) : undefined);
  const answer = page.until(() => notStarted() ?? answerOf(page, stage), seen.signal);
  const door = page.atTheDoor().then(() => 'door' as const);
  try {
    return await Promise.race([door, answer]);
  } finally {
    seen.abort();
    for (const open of [answer, door]) open.catch(() => {}); // whichever came first has told
  }
}

async function openDoor({ meeting, recipe, logger, leaving }: Attendance, page: MeetingPage): Promise<void> {
  const url = joinUrl(recipe, meeting.meetingUrl, meeting.botName);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await page.goto(url);
    } catch (error) {
      if (attempt >= gotoTries || leaving.aborted) throw whyUnopened(error);
      logger.warn({ attempt }, 'the meeting page did not open; trying again');
      await pause(gotoPauseMs * attempt);
    }
  }
}

async function waitForAdmission(attendance: Attendance, page: MeetingPage): Promise<Ending | undefined> {
  const { progress } = attendance;
  const first = await within(attendance, answerTimeoutMs, (signal) =>
    page.until(
      () => answerOf(page, progress.stage) ?? (page.signs('lobby').length > 0 ? ('lobby' as const) : undefined),
      signal,
    ),
  );
  if (first === 'timeout') {
    return failed('join_failure', progress.stage, 'The page showed neither the meeting nor a lobby.');
  }
  if (first !== 'lobby') return first.refusal;
  progress.reach('awaiting_admission');
  const answer = await within(attendance, attendance.meeting.automaticLeave.waitingRoomTimeout, (signal) =>
    page.until(() => answerOf(page, 'awaiting_admission'), signal),
  );
  if (answer !== 'timeout') return answer.refusal;
  return failed('awaiting_admission_timeout', 'awaiting_admission', 'Nobody let the bot in in time.');
}

const wallReason =
  'The platform lets no automated guest in; a signed-in account (BOT_PROFILE_DIR) or its own media interface is needed.';

/** In (no refusal), or out for good. */
function answerOf(page: MeetingPage, stage: Stage): Answer | undefined {
  if (page.admitted) return { refusal: undefined };
  const refused = (reason: string): Answer => ({ refusal: failed('join_failure', stage, reason) });
  if (page.signs('wall').length > 0) return refused(wallReason);
  if (page.signs('rejected').length > 0) {
    return { refusal: failed('awaiting_admission_rejected', stage, 'The host did not let the bot in.') };
  }
  if (page.signs('ended').length > 0) return refused('The meeting had ended already.');
  if (page.signs('removed').length > 0) return refused('The bot was removed at the door.');
  const refusal = page.signs('refused');
  if (refusal.length > 0) return refused(`The page refused the bot: ${refusal.join(', ')}.`);
  if (page.signs('lost').length > 0) throw new PageLost('The page lost its connection.');
  return undefined;
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
    const over = overWithoutAWord(attendance, page, watch.signal);
    const hung = untilItHangs(() => page.answer(), watch.signal);
    return await Promise.race([page.until(() => endOf(page), attendance.leaving), over, hung]);
  } finally {
    watch.abort();
  }
}

function endOf(page: MeetingPage): Ending | undefined {
  if (page.signs('removed').length > 0) return completed('evicted', 'The bot was removed from the meeting.');
  if (page.signs('ended').length > 0) return completed('meeting_ended', 'The meeting ended.');
  const refusal = page.signs('refused');
  if (refusal.length > 0) return completed('evicted', `The page let the bot go: ${refusal.join(', ')}.`);
  if (page.signs('lost').length > 0) throw new PageLost('The page lost its connection.');
  return undefined;
}

const aloneText: Record<AloneReason, string> = {
  startup_alone: 'Nobody joined.',
  left_alone: 'Everybody else left.',
};

/** Nobody else is there for too long, or the page does not show the meeting any more and says nothing of it. */
function overWithoutAWord(
  { meeting, lastSoundAt }: Attendance,
  page: MeetingPage,
  signal: AbortSignal,
): Promise<Ending> {
  const { noOneJoinedTimeout, everyoneLeftTimeout } = meeting.automaticLeave;
  const limits = { noOneJoinedMs: noOneJoinedTimeout, everyoneLeftMs: everyoneLeftTimeout };
  const rule = createAloneRule(limits, performance.now());
  const { promise, resolve } = Promise.withResolvers<Ending>();
  let shownAt = performance.now();
  const check = () => {
    const now = performance.now();
    if (page.signs('admitted').length > 0) shownAt = now;
    if (now - shownAt > vanishedMs) resolve(completed('meeting_ended', 'The page does not show the meeting any more.'));
    const alone = rule({ others: othersIn(page), lastSoundAt: lastSoundAt(), now });
    if (alone) resolve(completed(alone, aloneText[alone]));
  };
  check();
  const timer = setInterval(check, overCheckMs);
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

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
