import type { Db } from '@vexa/shared/db/client';
import { fieldError, ServiceError } from '@vexa/shared/errors';
import { verifyWebhook, WebhookSignatureError } from '@vexa/shared/webhooks/signature';
import { applyEvent } from './apply-event.ts';
import { parseEvent } from './event.ts';
import { insertInbound } from './inbound-store.ts';

export interface AcceptEventDeps {
  db: Db;
  /** Several while the wholesaler's secret is being changed. */
  secrets: () => readonly string[];
  onEnded: (meetingId: number) => void;
}

/**
 * Stores an event of the wholesaler; what follows from it happens after the answer. Throws `unauthorized` for a
 * signature that is wrong, missing or over 5 minutes off, `validation_error` for a body that is no event.
 */
export async function acceptEvent(
  { db, secrets, onEnded }: AcceptEventDeps,
  { headers, rawBody }: { headers: Headers; rawBody: string },
): Promise<'accepted' | 'known'> {
  const { id } = verify(secrets(), headers, rawBody);
  const body = parseJson(rawBody);
  const event = parseEvent(body);
  if (!event) throw fieldError(['body'], 'must be an event: {type, data} or {platform, native_meeting_id, meeting_id}');
  const stored = await db.transaction(async (tx) => {
    const row = await insertInbound(tx, { webhook_id: id, event_type: event.type, body });
    return row && { meetingId: await applyEvent(tx, row) };
  });
  if (!stored) return 'known';
  if (stored.meetingId !== undefined) onEnded(stored.meetingId);
  return 'accepted';
}

function verify(secrets: readonly string[], headers: Headers, rawBody: string): { id: string } {
  try {
    return verifyWebhook(secrets, headers, rawBody);
  } catch (error) {
    if (error instanceof WebhookSignatureError) throw new ServiceError('unauthorized', error.message, { cause: error });
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ServiceError('bad_request', 'The body is not JSON.', { cause: error });
  }
}
