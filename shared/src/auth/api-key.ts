import type { IncomingHttpHeaders } from 'node:http';
import { ServiceError } from '../errors.ts';

const longestKey = 512;

export const missingKey = (): ServiceError =>
  new ServiceError('unauthorized', 'Missing API key: send it in the header X-API-Key (or Authorization: Bearer).');

export const unknownKey = (): ServiceError =>
  new ServiceError('unauthorized', 'Unknown, expired or revoked API key (header X-API-Key).');

/** The key of a request: `X-API-Key`, else `Authorization: Bearer`. Throws `unauthorized` when neither is there. */
export function apiKeyOf(header: (name: string) => string | undefined): string {
  const key = header('x-api-key') || /^Bearer +(\S+)$/i.exec(header('authorization') ?? '')?.[1];
  if (!key) throw missingKey();
  if (key.length > longestKey) throw unknownKey();
  return key;
}

/** The key of a WebSocket's opening request, where browsers can set no header: `?api_key=` will do. */
export function liveKeyOf(headers: IncomingHttpHeaders, url: URL): string | undefined {
  const given = headers['x-api-key'];
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  return (typeof given === 'string' && given) || bearer || url.searchParams.get('api_key') || undefined;
}
