import { identityHeader, signServiceCall } from '@vexa/shared/auth/identity-token';
import type { ExpiringRequest } from '@vexa/shared/contracts/internal';
import { request } from 'undici';

/** The owner of meetings and webhooks. Calls reject unless they were done, or are no longer needed. */
export interface BotManagerClient {
  /** Tells the customer when the meeting will be deleted. */
  expiring(meetingId: number, expiresAt: Date): Promise<void>;
  /** Purges and redacts the meeting. */
  expire(meetingId: number): Promise<void>;
}

// A purge comes back to this collector, which may have to wait for the meeting's lock.
const timeoutMs = 30_000;
// The meeting is gone, or was started anew in the meantime.
const settled = new Set([404, 409]);

export function createBotManagerClient(url: string, internalSecret: string): BotManagerClient {
  const post = async (path: string, body?: ExpiringRequest): Promise<void> => {
    const answer = await request(new URL(path, url), {
      method: 'POST',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        [identityHeader]: await signServiceCall(internalSecret, 'transcription-collector'),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      body: body ? JSON.stringify(body) : null,
    });
    await answer.body.dump();
    if (answer.statusCode < 300 || settled.has(answer.statusCode)) return;
    throw new Error(`bot-manager answered ${answer.statusCode}`);
  };
  return {
    expiring: (id, expiresAt) => post(`/internal/meetings/${id}/expiring`, { expires_at: expiresAt.toISOString() }),
    expire: (id) => post(`/internal/meetings/${id}/expire`),
  };
}
