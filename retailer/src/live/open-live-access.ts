import { authenticateKey } from '@vexa/shared/accounts/authenticate-key';
import { hasScope } from '@vexa/shared/auth/identity-token';
import type { Db } from '@vexa/shared/db/client';
import type { LiveAccess } from '@vexa/shared/live/live-server';
import { isRunning } from '../meetings/meeting.ts';
import { findHeld, findMeeting } from '../meetings/meeting-store.ts';
import { type LateReaders, readableSince } from '../transcripts/visible-segments.ts';
import type { LiveHub, LiveMeeting } from './live-hub.ts';

interface Deps {
  db: Db;
  hub: LiveHub;
  lateReaders: LateReaders;
}

/** Undefined for a meeting that is over: nothing will be said there. */
type LiveKey = { running: LiveMeeting | undefined; since: Date | undefined };

/** What a key opens on `/ws`: the meetings its user holds, if it has the scope `tx`. Undefined for a key nobody has. */
export async function openLiveAccess(
  { db, hub, lateReaders }: Deps,
  key: string,
): Promise<LiveAccess<LiveKey> | undefined> {
  const opened = await authenticateKey(db, key);
  if (!opened) return undefined;
  return {
    userId: opened.user_id,
    isStillValid: async () => (await authenticateKey(db, key)) !== undefined,
    async authorize({ platform, native_id: nativeId }) {
      const known = await authenticateKey(db, key);
      const held = known && hasScope(known, 'tx') && (await findHeld(db, known.user_id, { platform, nativeId }));
      if (!held) return undefined;
      const { id } = held.meeting;
      const since = readableSince(lateReaders, held.link);
      if (!isRunning(held.meeting)) return { running: undefined, since };
      const wholesalerId = async () => (await findMeeting(db, id))?.wholesaler_meeting_id ?? undefined;
      return { running: { id, ref: { platform, native_id: nativeId }, wholesalerId }, since };
    },
    subscribe: async ({ running, since }, onFrame) => (running ? hub.subscribe(running, onFrame, since) : () => {}),
  };
}
