import { StreamMessage } from '@vexa/shared/contracts/stream-messages';
import { keepTranscription, type TranscriptionDeps } from '../segments/keep-transcription.ts';
import { endSession } from '../sessions/end-session.ts';
import { startSession } from '../sessions/start-session.ts';
import type { Entry, Outcome } from '../stream/entry.ts';
import { failureReason, isMessageFault } from '../stream/failure.ts';
import { type Parsed, parseMessage } from './parse-message.ts';

export interface SegmentMessageDeps extends TranscriptionDeps {
  sessionTokenSecret: string;
  /** Told of meetings that may have something to flush. */
  onSessionEnded: (meetingId: number) => void;
}

/** Makes the effect of each message durable, one after the other. Rejects when the servers fail. */
export async function handleSegmentMessages(deps: SegmentMessageDeps, entries: Entry[]): Promise<Outcome[]> {
  const parsed = await Promise.all(entries.map((entry) => parseMessage(StreamMessage, deps.sessionTokenSecret, entry)));
  const outcomes: Outcome[] = [];
  for (const [i, entry] of entries.entries()) {
    const message = parsed[i];
    if (message) outcomes.push(await handle(deps, entry, message));
  }
  return outcomes;
}

async function handle(deps: SegmentMessageDeps, entry: Entry, parsed: Parsed<StreamMessage>): Promise<Outcome> {
  if (!parsed.ok) return { status: 'dead', reason: parsed.reason, meetingId: parsed.meetingId };
  const { message, claims } = parsed;
  const meetingId = claims.meeting_id;
  const dead = (reason: string): Outcome => ({ status: 'dead', reason, meetingId });
  try {
    switch (message.type) {
      case 'session_start':
        if (message.meeting_id !== meetingId) return dead('meeting_id: is not the meeting of the session token');
        await startSession(deps, message);
        break;
      case 'transcription':
        if (message.segments.some(({ segment_id }) => !segment_id.startsWith(`${message.uid}:`))) {
          return dead('segments: a segment_id does not begin with the uid of its session');
        }
        await keepTranscription(deps, { meetingId, message, entryId: entry.id });
        break;
      case 'session_end':
        await endSession(deps, meetingId, message);
        deps.onSessionEnded(meetingId);
    }
    return { status: 'done' };
  } catch (error) {
    if (!isMessageFault(error)) throw error;
    return { status: 'retry', reason: failureReason(error), meetingId };
  }
}
