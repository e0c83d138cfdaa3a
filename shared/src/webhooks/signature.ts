import { Webhook, WebhookVerificationError } from 'standardwebhooks';

export interface SignedMessage {
  /** `webhook-id`: the same in every attempt to deliver one event. */
  id: string;
  timestamp: Date;
  /** The exact bytes that are sent. */
  body: string;
}

export type WebhookHeaders = Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>;

/** The message did not come from somebody who knows one of the secrets, or not within the last 5 minutes. */
export class WebhookSignatureError extends Error {
  override name = 'WebhookSignatureError';
}

/** A secret that cannot sign: empty, or `whsec_` followed by something that is not base64. */
export class WebhookSecretError extends Error {
  override name = 'WebhookSecretError';
}

/**
 * Standard Webhooks 1.0 headers, with one signature per secret so that a receiver may change its secret without a gap.
 * A secret is `whsec_` and base64, or any other non-empty string taken as it is. Throws `WebhookSecretError`.
 */
export function signWebhook(secrets: readonly string[], { id, timestamp, body }: SignedMessage): WebhookHeaders {
  if (secrets.length === 0) throw new WebhookSecretError('no webhook secret is configured');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(timestamp.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => signer(secret).sign(id, timestamp, body)).join(' '),
  };
}

/**
 * Checks the signature over the raw body against any of `secrets`, and that the timestamp is at most 5 minutes off.
 * Throws `WebhookSignatureError` with a reason that is safe to answer.
 */
export function verifyWebhook(
  secrets: readonly string[],
  headers: Headers | Readonly<Record<string, string | undefined>>,
  rawBody: string,
): { id: string; timestamp: Date } {
  const given = pick(headers);
  let reason = 'no webhook secret is configured';
  for (const secret of secrets) {
    try {
      signer(secret).verify(rawBody, { ...given }, { jsonParse: false });
      return { id: given['webhook-id'], timestamp: new Date(Number.parseInt(given['webhook-timestamp'], 10) * 1000) };
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      reason = error.message;
    }
  }
  throw new WebhookSignatureError(reason);
}

function signer(secret: string): Webhook {
  const encoded = secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : undefined;
  if (encoded !== undefined && !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) {
    throw new WebhookSecretError('a webhook secret that starts with whsec_ must go on with base64');
  }
  const key = encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, 'base64');
  if (key.length === 0) throw new WebhookSecretError('a webhook secret must not be empty');
  return new Webhook(key, { format: 'raw' });
}

function pick(headers: Headers | Readonly<Record<string, string | undefined>>): WebhookHeaders {
  const all = headers instanceof Headers ? headers : new Headers(definedEntries(headers));
  return {
    'webhook-id': all.get('webhook-id') ?? '',
    'webhook-timestamp': all.get('webhook-timestamp') ?? '',
    'webhook-signature': all.get('webhook-signature') ?? '',
  };
}

const definedEntries = (headers: Readonly<Record<string, string | undefined>>): [string, string][] =>
  Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
