import type { MeetingAudio } from '../audio/meeting-audio.ts';
import type { BotBrowser } from '../browser/launch.ts';
import { type Attendance, attendMeeting } from './attend-meeting.ts';
import { type Ending, PageLost } from './endings.ts';
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
    logger,
    onAudio: (chunk) => audio.receive(chunk),
    onView: (view) => audio.see(view),
  });
  try {
    return await attendMeeting(attendance, page);
  } finally {
    await page.leave(meeting);
  }
}
