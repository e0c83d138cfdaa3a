import { SpeakerEvent } from '@vexa/shared/contracts/stream-messages';
import type { Redis } from 'ioredis';
import { renewLog } from '../changes/change-log.ts';
import type { SegmentFilter } from '../filters/segment-filter.ts';
import { publicationsOf } from '../segments/keep-transcription.ts';
import { readMutableSegments, showAgain } from '../segments/mutable-store.ts';
import { withdrawn } from '../segments/publish-segments.ts';
import type { SessionCache } from '../sessions/session-cache.ts';
import { keepSpeakerEvent, readTimeline } from '../speakers/speaker-store.ts';
import { type SpeakerMark, turnsOf } from '../speakers/speaker-turns.ts';
import { reach } from '../speakers/split-by-speaker.ts';
import type { Entry, Outcome } from '../stream/entry.ts';
import { parseMessage } from './parse-message.ts';
import { storable } from './storable.ts';
import type { TokenVerifier } from './token-verifier.ts';

interface SpeakerEventDeps {
  redis: Redis;
  sessions: SessionCache;
  isWorthKeeping: SegmentFilter;
  tokens: TokenVerifier;
}

/** Keeps each event on its session's timeline. Rejects when Redis fails. */
export const handleSpeakerEvents = (deps: SpeakerEventDeps, entries: Entry[]): Promise<Outcome[]> =>
  Promise.all(entries.map((entry) => handle(deps, entry)));

async function handle(deps: SpeakerEventDeps, entry: Entry): Promise<Outcome> {
  const parsed = await parseMessage(SpeakerEvent, deps.tokens, entry);
  if (!parsed.ok) return { status: 'dead', reason: parsed.reason, meetingId: parsed.meetingId };
  const { message, claims } = parsed;
  const event = { ...message, participant_name: storable(message.participant_name) };
  await keepSpeakerEvent(deps.redis, claims.meeting_id, event);
  await noteRenamed(deps, claims.meeting_id, event);
  return { status: 'done' };
}

/**
 * An event can change who said what came after it, and a name that was not known before, also what came earlier. What is
 * held still is shown again; where it cannot be told apart what changed, readers read all again.
 */
async function noteRenamed(deps: SpeakerEventDeps, meetingId: number, event: SpeakerEvent): Promise<void> {
  const { redis, isWorthKeeping } = deps;
  const { uid } = event;
  const sessions = await deps.sessions.get(meetingId);
  const session = sessions.get(uid);
  if (session?.speaker) return;
  const held = (await readMutableSegments(redis, meetingId)).filter(({ sessionUid }) => sessionUid === uid);
  if (held.length === 0 && !session?.storedUntil) return;
  const { marks, version } = await readTimeline(redis, meetingId, uid);
  const from = changesFrom(event, marks);
  const isStored = session !== undefined && session.storedUntil > from;
  if (isStored) await renewLog(redis, meetingId);
  const near = held.filter(({ end, speaker }) => end > from && !speaker);
  const shownBy = (known: SpeakerMark[]) => {
    const timeline = { sessions, turns: new Map([[uid, turnsOf(known)]]) };
    return near.map((segment) => publicationsOf(segment, timeline, isWorthKeeping));
  };
  const before = shownBy(marks.filter((mark) => !isSame(mark, event)));
  const again = shownBy(marks).flatMap((publications, at) => {
    const segment = near[at];
    const gone = (before[at] ?? []).filter((shown) => publications.every((now) => now.segment_id !== shown.segment_id));
    const same = JSON.stringify(before[at]) === JSON.stringify(publications);
    return !segment || same ? [] : [{ segment, publications, gone: gone.map(withdrawn) }];
  });
  const isStale = await showAgain(redis, meetingId, { uid, version, reshown: again });
  if (isStale) await noteRenamed(deps, meetingId, event);
}

/** The first second of the session of which an event can change who spoke: the first name of somebody names all before it. */
function changesFrom(event: SpeakerEvent, marks: SpeakerMark[]): number {
  const own = marks.filter((mark) => mark.participantId === event.participant_id && !isSame(mark, event));
  const isFirstName = event.participant_name !== '' && own.every(({ name }) => name === '');
  const times = isFirstName ? own.map(({ atMs }) => atMs) : [];
  return Math.min(event.relative_client_timestamp_ms, ...times) / 1000 - reach;
}

const isSame = (mark: SpeakerMark, event: SpeakerEvent): boolean =>
  mark.type === event.event_type &&
  mark.participantId === event.participant_id &&
  mark.name === event.participant_name &&
  mark.atMs === event.relative_client_timestamp_ms;
