import { randomBytes } from 'node:crypto';
import { lookup as dnsLookup } from 'node:dns';
import { isIP } from 'node:net';
import type { SetWebhookRequest, WebhookSettings } from '../contracts/routes/webhooks.ts';
import { isStorable } from '../contracts/text.ts';
import type { Db } from '../db/client.ts';
import { fieldError, notFound } from '../errors.ts';
import { BlockedAddressError, guardedLookup, isAllowedHost, isPublicAddress, type Lookup } from './address-guard.ts';
import { findEndpoint, saveEndpoint, type WebhookEndpoint } from './endpoint-store.ts';
import { signWebhook, WebhookSecretError } from './signature.ts';

export interface EndpointDeps {
  db: Db;
  allowedHosts: readonly string[];
  lookup?: Lookup;
  now?: () => Date;
}

/**
 * Sets where a user's events go. A new or given secret is readable in this answer only; one that it replaces signs
 * beside it for as long as the request says. Throws `validation_error` for an address that is not https, has
 * credentials, or is not public, unless the operator allows its host.
 */
export async function setWebhookEndpoint(
  deps: EndpointDeps,
  { userId, ...request }: SetWebhookRequest & { userId: number },
): Promise<WebhookSettings> {
  await checkUrl(deps, request.webhook_url);
  const now = deps.now?.() ?? new Date();
  const given = request.webhook_secret ?? undefined;
  if (given !== undefined) checkSecret(given);
  const overlapMs = (request.webhook_secret_overlap_seconds ?? defaultOverlapSeconds) * 1_000;
  const previousUntil = overlapMs > 0 ? new Date(now.getTime() + overlapMs) : undefined;
  const fallback = `whsec_${randomBytes(24).toString('base64')}`;
  const saved = await saveEndpoint(deps.db, {
    userId,
    url: request.webhook_url,
    secret: given === undefined ? { fallback } : { given, previousUntil },
    events: request.webhook_events ?? null,
    now,
  });
  const fresh = saved.secret === given || saved.secret === fallback;
  return settings(saved, fresh ? saved.secret : mask(saved.secret), now);
}

/** Where a user's events go, the secret masked. Throws `not_found` when they never set it. */
export async function getWebhookEndpoint(db: Db, userId: number, now = new Date()): Promise<WebhookSettings> {
  const endpoint = await findEndpoint(db, userId);
  if (!endpoint) throw notFound('Webhook');
  return settings(endpoint, mask(endpoint.secret), now);
}

const defaultOverlapSeconds = 86_400;

const settings = (endpoint: WebhookEndpoint, secret: string, now: Date): WebhookSettings => ({
  webhook_url: endpoint.url,
  webhook_secret: secret,
  previous_secrets_until: endpoint.previous_secrets.map(({ until }) => until).filter((until) => new Date(until) > now),
  webhook_events: endpoint.events,
  enabled: endpoint.enabled,
});

const mask = (secret: string): string => `${secret.startsWith('whsec_') ? 'whsec_' : ''}••••••••`;

function checkSecret(secret: string): void {
  if (!isStorable(secret)) throw badField('webhook_secret', 'must be text without NUL characters');
  try {
    signWebhook([secret], { id: 'msg', timestamp: new Date(0), body: '' });
  } catch (error) {
    if (error instanceof WebhookSecretError) throw badField('webhook_secret', error.message);
    throw error;
  }
}

async function checkUrl({ allowedHosts, lookup = dnsLookup }: EndpointDeps, value: string): Promise<void> {
  const url = new URL(value);
  if (url.username || url.password) throw badField('webhook_url', 'must not carry a name or password');
  if (isAllowedHost(allowedHosts, url)) return;
  if (url.protocol !== 'https:') throw badField('webhook_url', 'must be an https:// URL');
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  const problem = isIP(literal)
    ? !isPublicAddress(literal) && 'is not a public address'
    : await resolves(lookup, literal);
  if (problem) throw badField('webhook_url', problem);
}

/** What is wrong with where a name leads now. A name that cannot be resolved may be so tomorrow: delivery checks again. */
const resolves = (lookup: Lookup, hostname: string): Promise<string | false> =>
  new Promise((resolve) => {
    guardedLookup(lookup)(hostname, { all: true }, (error) => {
      resolve(error instanceof BlockedAddressError && 'does not lead to a public address');
    });
  });

const badField = (field: string, message: string) => fieldError(['body', field], message);
