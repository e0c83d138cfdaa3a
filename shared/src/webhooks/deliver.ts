import { type Dispatcher, request } from 'undici';
import { BlockedAddressError } from './address-guard.ts';
import { parseRetryAfter } from './schedule.ts';
import { signWebhook } from './signature.ts';

const keptResponseBytes = 65_536;

export interface Message {
  url: string;
  secrets: readonly string[];
  id: string;
  body: string;
}

export type DeliveryResult =
  | { ok: true; status: number }
  | { ok: false; status?: number; error: string; gone?: boolean; retryAfterMs?: number | undefined };

export interface DeliverDeps {
  dispatcher: Dispatcher;
  timeoutMs: number;
  now: () => Date;
}

/** Sends one event once. Anything but a 2xx within the timeout is a failure, redirects included. Never throws. */
export async function deliverWebhook(
  { dispatcher, timeoutMs, now }: DeliverDeps,
  { url, secrets, id, body }: Message,
): Promise<DeliveryResult> {
  try {
    const response = await request(url, {
      method: 'POST',
      dispatcher,
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Vexa-Webhooks/1',
        ...signWebhook(secrets, { id, timestamp: now(), body }),
      },
      body,
    });
    const status = response.statusCode;
    // The status is the answer; what follows it is read only to use the connection again.
    response.body.dump({ limit: keptResponseBytes }).catch(() => undefined);
    if (status >= 200 && status < 300) return { ok: true, status };
    const retryAfter = response.headers['retry-after'];
    return {
      ok: false,
      status,
      error: `the endpoint answered ${status}`,
      gone: status === 410,
      retryAfterMs: parseRetryAfter(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, now()),
    };
  } catch (error) {
    return { ok: false, error: reason(error) };
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Users read this: where a name leads inside our network is not for them.
  if (error instanceof BlockedAddressError) return 'the endpoint does not lead to a public address';
  if (error.name === 'TimeoutError') return 'the endpoint did not answer in time';
  return 'code' in error ? `${String(error.code)}: ${error.message}` : `${error.name}: ${error.message}`;
}
