import type { SessionEnd } from '@vexa/shared/contracts/stream-messages';
import { withMeetingLock } from '../meetings/meeting-lock.ts';
import { isPurged } from '../meetings/purged-store.ts';
import { putEndedSession } from './session-store.ts';
import type { SessionDeps } from './start-session.ts';

/** Stores that a session ended and what it heard; its row may not be there yet. */
export async function endSession({ db, sessions }: SessionDeps, meetingId: number, message: SessionEnd): Promise<void> {
  const endedAt = new Date(message.end_timestamp);
  await withMeetingLock(db, meetingId, async (tx) => {
    if (await isPurged(tx, meetingId)) return;
    await putEndedSession(tx, {
      meetingId,
      uid: message.uid,
      startTime: new Date(endedAt.getTime() - Math.round(message.audio_seconds * 1000)),
      endedAt,
      audioSeconds: message.audio_seconds,
      speechSeconds: message.speech_seconds,
    });
  });
  sessions.forget(meetingId);
}
