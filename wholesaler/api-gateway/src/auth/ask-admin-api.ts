import { identityHeader, signServiceCall } from '@vexa/shared/auth/identity-token';
import { Identity } from '@vexa/shared/contracts/internal';
import { ServiceError } from '@vexa/shared/errors';
import { traceHeaders } from '@vexa/shared/request-context';
import type { Upstream } from '../upstream/upstream.ts';

/** Whom admin-api says a key stands for; undefined for a key it does not know. Rejects when it cannot say. */
export async function askAdminApi(
  { adminApi, internalToken }: { adminApi: Upstream; internalToken: string },
  key: string,
): Promise<Identity | undefined> {
  const { statusCode, body } = await adminApi.request({
    method: 'POST',
    path: '/internal/authenticate',
    headers: {
      'content-type': 'application/json',
      ...traceHeaders(),
      [identityHeader]: await signServiceCall(internalToken, 'api-gateway'),
    },
    body: JSON.stringify({ key }),
    idempotent: true,
  });
  const text = await body.text();
  if (statusCode === 200) return Identity.parse(JSON.parse(text));
  if (statusCode === 401) return undefined;
  if (statusCode >= 500)
    throw new ServiceError('unavailable', 'Keys cannot be looked up now.', { retryAfterSeconds: 2 });
  throw new ServiceError('bad_gateway', `The admin-api answered ${statusCode} to the question whom a key stands for.`);
}
