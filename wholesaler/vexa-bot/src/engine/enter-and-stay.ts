import { errorFields } from '@vexa/shared/logging';
import type { MeetingAudio } from '../audio/meeting-audio.ts';
import type { BotBrowser } from '../browser/launch.ts';
import { type Attendance, attendMeeting } from './attend-meeting.ts';
import { type Ending, PageLost } from './endings.ts';
import { keepDiagnosis } from './keep-diagnosis.ts';
import { MeetingPage } from './meeting-page.ts';

/** Attends in a page of the browser; a page that breaks is replaced once. Rejects like `attendMeeting`. */
export async function enterAndStay(attendance: Attendance, browser: BotBrowser, audio: MeetingAudio): Promise<Ending> {
  try {
    return await attendInPage(attendance, browser, audio);
  } catch (error) {
    if (!(error instanceof PageLost)) throw error;
    attendance.logger.warn({ reason: error.message }, 'the page was lost; joining once more');
    audio.endAll();
    return await attendInPage(attendance, browser, audio);
  }
}

async function attendInPage(attendance: Attendance, { context }: BotBrowser, audio: MeetingAudio): Promise<Ending> {
  const { recipe, logger, meeting } = attendance;
  const page = await MeetingPage.open({
    context,
    recipe,
    meeting,
    logger,
    onAudio: (chunk) => audio.receive(chunk),
    onView: (view) => audio.see(view),
  });
  try {
    const ending = await attendMeeting(attendance, page);
    if (ending.status === 'failed') await diagnose(attendance, page, ending);
    return ending;
  } finally {
    await page.leave();
  }
}

/** Whatever goes wrong here must not hide what went wrong before. */
async function diagnose(
  { diagnosisDir, logger, meeting }: Attendance,
  page: MeetingPage,
  ending: Ending,
): Promise<void> {
  if (!diagnosisDir || page.lostError) return;
  try {
    const picture = await page.picture();
    const name = `meeting-${meeting.meeting_id}-${meeting.connectionId}`;
    const path = await keepDiagnosis(diagnosisDir, { name, picture, reason: ending.reason });
    logger.warn({ reason: ending.reason, diagnosis: path }, 'what the page showed was kept');
  } catch (error) {
    logger.warn(errorFields(error), 'what the page showed could not be kept');
  }
}
