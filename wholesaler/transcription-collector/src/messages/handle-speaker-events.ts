import { SpeakerEvent } from '@vexa/shared/contracts/stream-messages';
import type { Redis } from 'ioredis';
import { keepSpeakerEvent } from '../speakers/speaker-store.ts';
import type { Entry, Outcome } from '../stream/entry.ts';
import { parseMessage } from './parse-message.ts';
import { storable } from './storable.ts';

interface SpeakerEventDeps {
  redis: Redis;
  sessionTokenSecret: string;
}

/** Keeps each event on its session's timeline. Rejects when Redis fails. */
export const handleSpeakerEvents = (deps: SpeakerEventDeps, entries: Entry[]): Promise<Outcome[]> =>
  Promise.all(entries.map((entry) => handle(deps, entry)));

async function handle({ redis, sessionTokenSecret }: SpeakerEventDeps, entry: Entry): Promise<Outcome> {
  const parsed = await parseMessage(SpeakerEvent, sessionTokenSecret, entry);
  if (!parsed.ok) return { status: 'dead', reason: parsed.reason, meetingId: parsed.meetingId };
  const { message, claims } = parsed;
  const event = { ...message, participant_name: storable(message.participant_name) };
  await keepSpeakerEvent(redis, claims.meeting_id, event);
  return { status: 'done' };
}
