import { createHash, timingSafeEqual } from 'node:crypto';
import { verifySessionToken } from '@vexa/shared/auth/session-token';
import { ApiError } from './api-error.ts';

export interface Secrets {
  sessionToken: string;
  transcriptionApiKey?: string | undefined;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Accepts the configured API key or a bot's session token as `Authorization: Bearer …`. Throws `ApiError` 401. */
export async function authorize(secrets: Secrets, authorization: string | undefined): Promise<void> {
  const accepted = secrets.transcriptionApiKey
    ? 'the key in TRANSCRIPTION_API_KEY or a session token'
    : 'a session token; to use a key of your own, start the service with TRANSCRIPTION_API_KEY';
  const given = authorization?.match(/^Bearer +(\S+)$/i)?.[1];
  if (!given) {
    throw new ApiError(401, 'missing_api_key', `Send an "Authorization: Bearer" header with ${accepted}.`);
  }
  const key = secrets.transcriptionApiKey;
  if (key && timingSafeEqual(digest(given), digest(key))) return;
  if (await verifySessionToken(secrets.sessionToken, given)) return;
  throw new ApiError(401, 'invalid_api_key', `The API key is not valid; accepted is ${accepted}.`);
}
