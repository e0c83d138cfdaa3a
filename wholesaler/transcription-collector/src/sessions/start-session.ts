import type { SessionStart } from '@vexa/shared/contracts/stream-messages';
import type { Db } from '@vexa/shared/db/client';
import { requestFieldsOf } from '@vexa/shared/http/trace';
import type { Logger } from '@vexa/shared/logging';
import type { Redis } from 'ioredis';
import { renewLog } from '../changes/change-log.ts';
import { withMeetingLock } from '../meetings/meeting-lock.ts';
import { isPurged } from '../meetings/purged-store.ts';
import { storable } from '../messages/storable.ts';
import { readMutableSegments } from '../segments/mutable-store.ts';
import { publishWithdrawn } from '../segments/publish-segments.ts';
import { deleteSegmentsFrom } from '../segments/segment-store.ts';
import { toSegments } from '../segments/timeline.ts';
import { readSpeakerTurns } from '../speakers/speaker-store.ts';
import { isVoid, type Sessions, voidFrom } from './session.ts';
import type { SessionCache } from './session-cache.ts';
import { putStartedSession, putSupersededSession, refreshAggregates, sessionsOf } from './session-store.ts';

export interface SessionDeps {
  db: Db;
  redis: Redis;
  sessions: SessionCache;
  logger: Logger;
}

/** Stores a session and, when it resumes one whose connection broke, voids what it will say again. */
export async function startSession(deps: SessionDeps, message: SessionStart): Promise<void> {
  const { meeting_id: meetingId, uid } = message;
  const startTime = new Date(message.start_timestamp);
  const started = {
    meetingId,
    uid,
    startTime,
    model: storable(message.model_identifier),
    speaker: message.speaker ? storable(message.speaker) : null,
  };
  const done = await withMeetingLock(deps.db, meetingId, async (tx) => {
    if (await isPurged(tx, meetingId)) return undefined;
    const before = await sessionsOf(tx, meetingId);
    await putStartedSession(tx, started);
    return { before, deleted: message.resumes ? await supersede(tx, message, message.resumes) : [] };
  });
  deps.sessions.forget(meetingId);
  deps.logger.info({ uid, meeting_id: meetingId, purged: !done, ...requestFieldsOf(message) }, 'session started');
  if (!done) return;
  if (message.resumes) await withdrawVoid(deps, meetingId, message.resumes.uid, done.deleted);
  const { before } = done;
  const isNews = changesTimes(before, { uid, startMs: startTime.getTime() });
  // Words that came before their session were shown with a guess of their time.
  const held = isNews ? [] : await readMutableSegments(deps.redis, meetingId);
  if (isNews || held.some(({ sessionUid }) => sessionUid === uid)) await renewLog(deps.redis, meetingId);
}

/** Whether words that readers may have seen get other times or names: all of them, when the meeting began earlier. */
function changesTimes(before: Sessions, { uid, startMs }: { uid: string; startMs: number }): boolean {
  if (before.has(uid)) return true;
  return ![...before.values()].some((session) => session.startMs <= startMs);
}

/** Under the meeting's lock: no flush can bring void words back, since it reads what is written here. */
async function supersede(tx: Db, { meeting_id: meetingId, start_timestamp }: SessionStart, resumes: Resumes) {
  const { uid, from_seconds: fromSeconds } = resumes;
  const takenOverAt = new Date(start_timestamp);
  await putSupersededSession(tx, {
    meetingId,
    uid,
    fromSeconds,
    startTime: new Date(takenOverAt.getTime() - Math.round(fromSeconds * 1000)),
    endedAt: takenOverAt,
  });
  const deleted = await deleteSegmentsFrom(tx, { meetingId, uid, fromSeconds: voidFrom(fromSeconds) });
  await refreshAggregates(tx, meetingId, [uid]);
  return deleted;
}

type Resumes = NonNullable<SessionStart['resumes']>;
type Deleted = Awaited<ReturnType<typeof deleteSegmentsFrom>>;

async function withdrawVoid({ db, redis }: SessionDeps, meetingId: number, uid: string, deleted: Deleted) {
  const sessions = await sessionsOf(db, meetingId);
  const held = await readMutableSegments(redis, meetingId);
  const hidden = held.filter((segment) => segment.sessionUid === uid && isVoid(sessions.get(uid), segment));
  const timeline = { sessions, turns: await readSpeakerTurns(redis, meetingId, [uid]) };
  const withdrawn = [...deleted, ...hidden].flatMap((segment) => toSegments(segment, timeline));
  await publishWithdrawn(redis, meetingId, withdrawn);
  // Everything of the session is told again: a collector that died here may have deleted more than this.
  await renewLog(redis, meetingId);
}
