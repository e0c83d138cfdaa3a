import { hasScope, identityHeader } from '@vexa/shared/auth/identity-token';
import { recognize } from '@vexa/shared/auth/recognize';
import type { MeetingRef } from '@vexa/shared/contracts/live-frames';
import { Meeting } from '@vexa/shared/contracts/meeting';
import { ServiceError } from '@vexa/shared/errors';
import type { RateLimits } from '@vexa/shared/limits/rate-limits';
import type { LiveAccess } from '@vexa/shared/live/live-server';
import type { GatewayKeys } from '../auth/gateway-keys.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { LiveMeeting, MeetingFanout } from './meeting-fanout.ts';

interface Deps {
  keys: GatewayKeys;
  rateLimits: RateLimits;
  botManager: Upstream;
  fanout: MeetingFanout;
}

/** What a key opens on `/ws`: its user's meetings, if it has the scope `tx`. Undefined for a key nobody has. */
export async function openLiveAccess(
  deps: Deps,
  key: string,
  address: () => string,
): Promise<LiveAccess<LiveMeeting> | undefined> {
  const { keys, fanout } = deps;
  const opened = await recognize(deps, key, address);
  if (!opened) return undefined;
  return {
    userId: opened.identity.user_id,
    isStillValid: async () => (await keys.authenticate(key)) !== undefined,
    async authorize(ref) {
      const known = await keys.authenticate(key);
      return known && hasScope(known.identity, 'tx')
        ? findMeeting(deps.botManager, ref, known.identityToken)
        : undefined;
    },
    subscribe: (meeting, onFrame) => fanout.subscribe(meeting, onFrame),
  };
}

const MeetingId = Meeting.pick({ id: true });

async function findMeeting(botManager: Upstream, ref: MeetingRef, token: string): Promise<LiveMeeting | undefined> {
  const { statusCode, body } = await botManager.request({
    method: 'GET',
    path: `/meetings/${ref.platform}/${encodeURIComponent(ref.native_id)}`,
    headers: { [identityHeader]: token },
  });
  const text = await body.text();
  if (statusCode === 200) return { id: MeetingId.parse(JSON.parse(text)).id, ref };
  if (statusCode < 500) return undefined;
  throw new ServiceError('bad_gateway', `The bot-manager answered ${statusCode} to the question for a meeting.`);
}
