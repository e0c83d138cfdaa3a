import { SpeakerEvent } from '@vexa/shared/contracts/stream-messages';
import type { Redis } from 'ioredis';
import { noteChanges, renewLog } from '../changes/change-log.ts';
import { readMutableSegments } from '../segments/mutable-store.ts';
import type { SessionCache } from '../sessions/session-cache.ts';
import { keepSpeakerEvent } from '../speakers/speaker-store.ts';
import type { Entry, Outcome } from '../stream/entry.ts';
import { parseMessage } from './parse-message.ts';
import { storable } from './storable.ts';
import type { TokenVerifier } from './token-verifier.ts';

interface SpeakerEventDeps {
  redis: Redis;
  sessions: SessionCache;
  tokens: TokenVerifier;
}

/** Keeps each event on its session's timeline. Rejects when Redis fails. */
export const handleSpeakerEvents = (deps: SpeakerEventDeps, entries: Entry[]): Promise<Outcome[]> =>
  Promise.all(entries.map((entry) => handle(deps, entry)));

async function handle({ redis, sessions, tokens }: SpeakerEventDeps, entry: Entry): Promise<Outcome> {
  const parsed = await parseMessage(SpeakerEvent, tokens, entry);
  if (!parsed.ok) return { status: 'dead', reason: parsed.reason, meetingId: parsed.meetingId };
  const { message, claims } = parsed;
  const event = { ...message, participant_name: storable(message.participant_name) };
  await keepSpeakerEvent(redis, claims.meeting_id, event);
  await noteRenamed({ redis, sessions }, claims.meeting_id, event);
  return { status: 'done' };
}

/** An event can change who said what came after it; mostly that is held still, and otherwise readers read all again. */
async function noteRenamed(
  { redis, sessions }: Pick<SpeakerEventDeps, 'redis' | 'sessions'>,
  meetingId: number,
  event: SpeakerEvent,
) {
  const seconds = event.relative_client_timestamp_ms / 1000;
  const session = (await sessions.get(meetingId)).get(event.uid);
  if (session?.speaker) return;
  if (session && session.storedUntil > seconds) return renewLog(redis, meetingId);
  const held = await readMutableSegments(redis, meetingId);
  const renamed = held.filter(({ sessionUid, end, speaker }) => sessionUid === event.uid && end > seconds && !speaker);
  await noteChanges(
    redis,
    meetingId,
    renamed.map(({ segmentId }) => segmentId),
  );
}
