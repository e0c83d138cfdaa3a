import { identityHeader, signServiceCall } from '@vexa/shared/auth/identity-token';
import { DrainReply } from '@vexa/shared/contracts/internal';
import { ServiceError } from '@vexa/shared/errors';
import { traceHeaders } from '@vexa/shared/request-context';
import { type Dispatcher, request } from 'undici';

const timeoutMs = 10_000;

/** The collector did not answer, or not as agreed. */
export class CollectorUnreachableError extends Error {
  override name = 'CollectorUnreachableError';
}

export interface CollectorClient {
  /** Throws `CollectorUnreachableError`. */
  drain(meetingId: number, options: { force: boolean }): Promise<DrainReply>;
  /** Throws `ServiceError` `unavailable`. */
  purge(meetingId: number): Promise<void>;
}

/** The collector's internal routes; each call is signed and given up after 10 s. */
export function createCollectorClient(url: string, internalSecret: string): CollectorClient {
  const call = async (method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<Dispatcher.ResponseData> => {
    try {
      return await request(new URL(path, url), {
        method,
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          [identityHeader]: await signServiceCall(internalSecret, 'bot-manager'),
          ...traceHeaders(),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new CollectorUnreachableError('the collector does not answer', { cause: error });
    }
  };
  return {
    async drain(meetingId, { force }) {
      const response = await call('POST', `/internal/meetings/${meetingId}/drain`, { force });
      const body = await response.body.json().catch(() => undefined); // what is not JSON is refused below
      const reply = DrainReply.safeParse(body).data;
      if (response.statusCode === 200 && reply) return reply;
      throw new CollectorUnreachableError(`the collector answered a drain with ${response.statusCode}`);
    },
    async purge(meetingId) {
      try {
        const { statusCode, body } = await call('DELETE', `/internal/meetings/${meetingId}`);
        await body.dump();
        if (statusCode < 300) return;
        throw new CollectorUnreachableError(`the collector answered a purge with ${statusCode}`);
      } catch (cause) {
        const detail = 'The transcript could not be deleted now; repeat the request.';
        throw new ServiceError('unavailable', detail, { retryAfterSeconds: 5, cause });
      }
    },
  };
}
