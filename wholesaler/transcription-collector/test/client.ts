import { ProblemBody } from '@vexa/shared/http/problem';
import { SseReader } from '@vexa/shared/testing/sse-reader';
import { expect } from 'vitest';
import { identityOf } from './harness.ts';

export interface Asked {
  userId?: number;
  scopes?: ('tx' | 'bot' | '*')[];
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Asks as the gateway would for this user. */
export async function ask(url: string, { userId = 1, scopes = ['tx'], method = 'GET', body, headers }: Asked = {}) {
  return fetch(url, {
    method,
    headers: {
      'x-vexa-identity': await identityOf(userId, scopes),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

/** Expects a refusal in the one shape of errors. */
export async function refusal(response: Response, status: number): Promise<ProblemBody> {
  const text = await response.text();
  expect([response.status, text]).toEqual([status, expect.stringContaining('"code"')]);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  return ProblemBody.parse(JSON.parse(text));
}

/** Expects that the route wants an identity with the scope `tx`, and shows nobody else's meeting. */
export async function expectGuarded(url: string, asked: Asked = {}): Promise<void> {
  await refusal(await fetch(url, { method: asked.method ?? 'GET' }), 401);
  await refusal(await ask(url, { ...asked, scopes: ['bot'] }), 403);
}

/** Follows a transcript as the gateway would for this user. */
export const follow = async (url: string, { userId = 1, headers }: Asked = {}): Promise<SseReader> =>
  SseReader.open(url, { 'x-vexa-identity': await identityOf(userId, ['tx']), ...headers });
