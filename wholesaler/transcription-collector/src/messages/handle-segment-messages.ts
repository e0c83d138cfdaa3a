import { StreamMessage } from '@vexa/shared/contracts/stream-messages';
import {
  type ArrivedTranscription,
  keepTranscriptions,
  type TranscriptionDeps,
} from '../segments/keep-transcription.ts';
import { endSession } from '../sessions/end-session.ts';
import { startSession } from '../sessions/start-session.ts';
import type { Entry, Outcome } from '../stream/entry.ts';
import { failureReason, isMessageFault } from '../stream/failure.ts';
import { parseMessage } from './parse-message.ts';
import type { TokenVerifier } from './token-verifier.ts';

export interface SegmentMessageDeps extends TranscriptionDeps {
  tokens: TokenVerifier;
  /** Told of meetings that may have something to flush. */
  onSessionEnded: (meetingId: number) => void;
}

interface Ready {
  at: number;
  entry: Entry;
  meetingId: number;
  message: StreamMessage;
}

/**
 * Makes the effect of each message durable. Words of a meeting that come without a session's start or end between
 * them are kept together; meetings do not wait for each other. Rejects when the servers fail.
 */
export async function handleSegmentMessages(deps: SegmentMessageDeps, entries: Entry[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = entries.map(() => ({ status: 'done' }));
  const parsed = await Promise.all(entries.map((entry) => parseMessage(StreamMessage, deps.tokens, entry)));
  const ready: Ready[] = [];
  for (const [at, entry] of entries.entries()) {
    const message = parsed[at];
    if (!message) continue;
    if (!message.ok) outcomes[at] = { status: 'dead', reason: message.reason, meetingId: message.meetingId };
    else ready.push({ at, entry, message: message.message, meetingId: message.claims.meeting_id });
  }
  const fit = ready.filter(({ at, meetingId, message }) => {
    const reason = misfit(message, meetingId);
    if (reason !== undefined) outcomes[at] = { status: 'dead', reason, meetingId };
    return reason === undefined;
  });
  const byMeeting = Map.groupBy(fit, ({ meetingId }) => meetingId);
  await Promise.all(
    [...byMeeting].map(([meetingId, ofMeeting]) => handleMeeting(deps, meetingId, ofMeeting, outcomes)),
  );
  return outcomes;
}

async function handleMeeting(deps: SegmentMessageDeps, meetingId: number, ready: Ready[], outcomes: Outcome[]) {
  for (const run of runsOf(ready)) {
    try {
      await handleRun(deps, meetingId, run);
    } catch (error) {
      if (!isMessageFault(error)) throw error;
      if (run.length > 1) await handleEach(deps, meetingId, run, outcomes);
      else refuse(run, outcomes, error);
    }
  }
}

/** One message at fault must not take its neighbours along. */
async function handleEach(deps: SegmentMessageDeps, meetingId: number, run: Ready[], outcomes: Outcome[]) {
  for (const one of run) {
    try {
      await handleRun(deps, meetingId, [one]);
    } catch (error) {
      if (!isMessageFault(error)) throw error;
      refuse([one], outcomes, error);
    }
  }
}

function refuse(run: Ready[], outcomes: Outcome[], error: unknown): void {
  for (const { at, meetingId } of run) outcomes[at] = { status: 'retry', reason: failureReason(error), meetingId };
}

async function handleRun(deps: SegmentMessageDeps, meetingId: number, run: Ready[]): Promise<void> {
  const words: ArrivedTranscription[] = [];
  for (const { entry, message } of run) {
    switch (message.type) {
      case 'session_start':
        await startSession(deps, message);
        break;
      case 'transcription':
        words.push({ message, entryId: entry.id });
        break;
      case 'session_end':
        await endSession(deps, meetingId, message);
        deps.onSessionEnded(meetingId);
    }
  }
  if (words.length > 0) await keepTranscriptions(deps, meetingId, words);
}

/** Neighbours that are words belong together; a session's start or end stands alone. */
function runsOf(ready: Ready[]): Ready[][] {
  const runs: Ready[][] = [];
  for (const one of ready) {
    const last = runs.at(-1);
    const joins = one.message.type === 'transcription' && last?.[0]?.message.type === 'transcription';
    if (joins) last.push(one);
    else runs.push([one]);
  }
  return runs;
}

/** Why a message of the right shape contradicts itself. */
function misfit(message: StreamMessage, meetingId: number): string | undefined {
  if (message.type === 'session_start' && message.meeting_id !== meetingId) {
    return 'meeting_id: is not the meeting of the session token';
  }
  const isForeign = ({ segment_id }: { segment_id: string }) => !segment_id.startsWith(`${message.uid}:`);
  return message.type === 'transcription' && message.segments.some(isForeign)
    ? 'segments: a segment_id does not begin with the uid of its session'
    : undefined;
}
