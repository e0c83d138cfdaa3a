import { request as httpRequest } from 'node:http';
import { ConfigError } from '@vexa/shared/config';
import { freePort } from '@vexa/shared/local/free-port';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configFromEnv } from '../src/config.ts';
import { type Edge, held, holdStream, startEdge } from './fixture.ts';

let edge: Edge;
let all: Awaited<ReturnType<Edge['newKey']>>;

beforeAll(async () => {
  edge = await startEdge();
  all = await edge.newKey();
});
afterAll(() => edge?.stack.disposeAsync());

interface Call {
  method?: string;
  key?: string;
  headers?: Record<string, string>;
  body?: string;
  url?: string;
}

async function call(path: string, { method = 'GET', key = all.key, headers = {}, body, url = edge.url }: Call = {}) {
  const response = await fetch(url + path, {
    method,
    headers: { ...(key ? { 'x-api-key': key } : {}), ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: bodies are looked into by expectations
  const json: any = text.startsWith('{') ? JSON.parse(text) : undefined;
  return { status: response.status, headers: response.headers, body: json };
}

const problem = (status: number, code: string, detail: unknown = expect.any(String)) => ({
  type: `urn:vexa:error:${code}`,
  title: expect.any(String),
  status,
  detail,
  code,
  request_id: expect.any(String),
});

test('a wrong configuration is refused with every bad variable named', () => {
  const bad = () => configFromEnv({ ADMIN_API_URL: 'nowhere', CORS_ORIGINS: 'https://a.example/path' });
  expect(bad).toThrow(ConfigError);
  for (const name of ['ADMIN_API_URL', 'BOT_MANAGER_URL', 'REDIS_URL', 'INTERNAL_TOKEN_SECRET', 'CORS_ORIGINS']) {
    expect(bad).toThrow(name);
  }
});

const m = '/meetings/local/room-1';
const t = '/transcripts/local/room-1';
const routes: [string, string, string, ('bot' | 'tx')[]][] = [
  ['POST', '/bots', 'bot-manager', ['bot']],
  ['GET', '/bots/status', 'bot-manager', ['bot']],
  ['DELETE', '/bots/local/room-1', 'bot-manager', ['bot']],
  ['PUT', '/bots/local/room-1/config', 'bot-manager', ['bot']],
  ['GET', '/meetings?limit=5', 'bot-manager', ['bot', 'tx']],
  ['GET', m, 'bot-manager', ['bot', 'tx']],
  ['PATCH', m, 'bot-manager', ['tx']],
  ['DELETE', `${m}?meeting_id=7`, 'bot-manager', ['tx']],
  ['GET', t, 'collector', ['tx']],
  ['PUT', '/user/webhook', 'bot-manager', ['bot', 'tx']],
  ['GET', '/user/webhook', 'bot-manager', ['bot', 'tx']],
  ['GET', '/user/webhook/deliveries', 'bot-manager', ['bot', 'tx']],
  ['POST', '/user/webhook/test', 'bot-manager', ['bot', 'tx']],
  ['POST', '/user/webhook/deliveries/5f0c3a52-6a7e-4f5e-9a59-0e4f5b0d9a11/replay', 'bot-manager', ['bot', 'tx']],
  ['GET', `${t}/live`, 'collector', ['tx']],
  ['POST', `${t}/share`, 'collector', ['tx']],
  ['GET', '/search?q=word', 'collector', ['tx']],
];

describe.each(routes)('%s %s', (method, path, service, scopes) => {
  const body =
    method === 'GET' || method === 'DELETE' ? {} : { body: '{"a":1}', headers: { 'content-type': 'application/json' } };

  test(`is answered by ${service}, which is told for whom`, async () => {
    const answer = await call(path, { method, ...body });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ name: service, method, path, body: body.body ?? '' });
    expect(answer.body.identity).toEqual({
      user_id: all.user.id,
      email: all.user.email,
      scopes: ['*'],
      max_concurrent_bots: 1,
      plan: null,
    });
  });

  test('is refused without a key, saying where it belongs, and with an unknown one', async () => {
    const missing = await call(path, { method, key: '', ...body });
    expect([missing.status, missing.body]).toEqual([
      401,
      problem(401, 'unauthorized', expect.stringContaining('X-API-Key')),
    ]);
    const unknown = await call(path, { method, key: 'vxa_nobody', ...body });
    expect([unknown.status, unknown.body]).toEqual([401, problem(401, 'unauthorized')]);
  });

  test.each(['bot', 'tx'] as const)('with a key of scope %s is as the scope says', async (scope) => {
    const { key } = await edge.newKey([scope]);
    const answer = await call(path, { method, key, ...body });
    if (scopes.includes(scope)) return expect(answer.status).toBe(201);
    expect([answer.status, answer.body]).toEqual([403, problem(403, 'forbidden', expect.stringContaining('scope'))]);
  });
});

describe('what users ask about themselves', () => {
  const asks: [string, string, string | undefined, number][] = [
    ['GET', '/usage/quote', undefined, 200],
    ['POST', '/referrals', '{"utm_source":"a"}', 201],
    ['POST', '/admin/internal/log_referral', '{"utm_source":"a"}', 201],
  ];
  test.each(asks)('%s %s takes a key of any scope, and tells of its user', async (method, path, body, status) => {
    const sent = { method, ...(body ? { body, headers: { 'content-type': 'application/json' } } : {}) };
    for (const scope of ['bot', 'tx'] as const) {
      const { key, user } = await edge.newKey([scope]);
      const answer = await call(path, { ...sent, key });
      expect([answer.status, answer.body.user_id]).toEqual([status, user.id]);
    }
    for (const key of ['', 'vxa_nobody']) {
      const refused = await call(path, { ...sent, key });
      expect([refused.status, refused.body]).toEqual([401, problem(401, 'unauthorized')]);
    }
    const operator = await call(path, {
      ...sent,
      key: '',
      headers: { ...sent.headers, 'x-admin-api-key': edge.adminToken },
    });
    expect(operator.status).toBe(401);
  });

  test("a plan's number of bots and name are seen within a moment of its assignment", async () => {
    const { key, user } = await edge.newKey();
    expect((await call('/auth/me', { key })).body).toMatchObject({ plan: null, max_concurrent_bots: 1 });
    const { body: plan } = await edge.adminCall('POST', '/admin/plans', { name: 'Team', max_concurrent_bots: 8 });
    await edge.adminCall('POST', `/admin/users/${user.id}/plan`, { plan_id: plan.id });
    await waitFor('the plan', async () => (await call('/auth/me', { key })).body.plan === 'Team', {
      deadlineMs: 15_000,
    });
    expect((await call('/auth/me', { key })).body.max_concurrent_bots).toBe(8);
  });
});

test('metrics are for whoever has the token, and for nobody when there is none', async () => {
  for (const headers of [{}, { authorization: `Bearer ${all.key}` }]) {
    const answer = await call('/metrics', { key: '', headers });
    expect([answer.status, answer.body]).toEqual([401, problem(401, 'unauthorized')]);
  }
  const url = await edge.startGateway({ METRICS_TOKEN: 'metrics-token-of-tests' });
  await call('/bots/status', { url });
  const headers = { authorization: 'Bearer metrics-token-of-tests' };
  const text = await (await fetch(`${url}/metrics`, { headers })).text();
  expect(text).toMatch(
    /duration_seconds_count\{service="api-gateway",method="GET",route="\/bots\/status",status="201"\} 1/,
  );
});

test('a caller who goes away takes their request with them', async () => {
  const url = await edge.startGateway({ METRICS_TOKEN: 'metrics-token-of-tests', UPSTREAM_TIMEOUT_MS: '60000' });
  const gone = new AbortController();
  const request = fetch(`${url}/transcripts/local/slow`, { headers: { 'x-api-key': all.key }, signal: gone.signal });
  const inFlight = async () => {
    const headers = { authorization: 'Bearer metrics-token-of-tests' };
    const text = await (await fetch(`${url}/metrics`, { headers })).text();
    return Number(/requests_in_flight\{[^}]*\} (\d+)/.exec(text)?.[1]) - 1;
  };
  await waitFor('the request', async () => (await inFlight()) === 1);
  gone.abort();
  await expect(request).rejects.toThrow();
  await waitFor('its end', async () => (await inFlight()) === 0);
});

test('a bearer token is as good as X-API-Key', async () => {
  const answer = await call('/auth/me', { key: '', headers: { authorization: `Bearer ${all.key}` } });
  expect([answer.status, answer.body]).toEqual([
    200,
    { user_id: all.user.id, email: all.user.email, scopes: ['*'], max_concurrent_bots: 1, plan: null },
  ]);
});

test('a service sees neither keys nor anything a caller made up about themselves', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const { body } = await call('/bots/status', {
    headers: {
      authorization: 'Bearer something',
      cookie: 'a=b',
      'x-vexa-identity': 'forged',
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-host': 'evil.example',
      'x-admin-api-key': 'k',
      'x-request-id': 'request-17',
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      'idempotency-key': 'once',
    },
  });
  expect(body.headers).toMatchObject({
    'x-request-id': 'request-17',
    traceparent: expect.stringContaining(traceId),
    'idempotency-key': 'once',
  });
  for (const name of [
    'authorization',
    'cookie',
    'x-api-key',
    'x-admin-api-key',
    'x-forwarded-for',
    'x-forwarded-host',
  ]) {
    expect(body.headers).not.toHaveProperty(name);
  }
  expect(body.headers['x-vexa-identity']).not.toBe('forged');
});

test('answers carry the request id and no header of the inner connection', async () => {
  const { headers } = await call('/bots/status', { headers: { 'x-request-id': 'request-18' } });
  expect(headers.get('x-request-id')).toBe('request-18');
  expect(headers.get('x-answered-by')).toBe('bot-manager');
  expect(headers.get('keep-alive')).not.toBe('timeout=99');
});

test('no answer may be kept by a cache or taken for another kind of content', async () => {
  for (const path of ['/bots/status', '/auth/me', '/nowhere', '/transcripts/local/room-1']) {
    const { headers } = await call(path);
    const said = [headers.get('cache-control'), headers.get('x-content-type-options')];
    expect([path, ...said]).toEqual([path, 'no-store', 'nosniff']);
  }
});

test('a body over 1 MiB is refused whether or not its length is announced', async () => {
  const body = 'x'.repeat(1024 * 1024 + 1);
  const announced = await call('/bots', { method: 'POST', body });
  expect([announced.status, announced.body]).toEqual([413, problem(413, 'payload_too_large')]);
  const status = await new Promise((resolve, reject) => {
    const request = httpRequest(
      `${edge.url}/bots`,
      { method: 'POST', headers: { 'x-api-key': all.key } },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    request.on('error', reject);
    request.write(body.slice(0, 600_000));
    request.end(body.slice(600_000));
  });
  expect(status).toBe(413);
});

test('an answer is handed on as it comes, part by part', async () => {
  holdStream();
  const response = await fetch(`${edge.url}/transcripts/local/streamed`, { headers: { 'x-api-key': all.key } });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toBe('first ');
  held.resolve();
  let rest = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) rest += part.value;
  expect(rest).toBe('second third');
});

test('a gateway that is asked to stop finishes what is under way, and takes nothing new', async () => {
  const { gateway, url } = await edge.startService();
  holdStream();
  const response = await fetch(`${url}/transcripts/local/streamed`, { headers: { 'x-api-key': all.key } });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  await reader.read();
  const stopped = gateway[Symbol.asyncDispose]();
  await waitFor('refusal', () =>
    fetch(`${url}/`).then(
      () => false,
      () => true,
    ),
  );
  held.resolve();
  let rest = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) rest += part.value;
  expect(rest).toBe('second third');
  await stopped;
});

test('only declared routes pass, whatever dots or slashes are in the path', async () => {
  for (const path of [
    '/bots/internal/callback',
    '/internal/authenticate',
    '/internal/meetings/1/drain',
    '/meetings/local/%2e%2e/%2e%2e/internal',
    '/health/../internal',
    '/bots/',
    '//bots',
  ]) {
    const answer = await call(path, { method: 'POST', body: '{}' });
    expect([path, answer.status]).toEqual([path, 404]);
  }
});

describe('while a service fails', () => {
  test('that is away, the answer is 503 with Retry-After', async () => {
    const url = await edge.startGateway({ BOT_MANAGER_URL: `http://127.0.0.1:${await freePort()}` });
    const answer = await call('/bots/status', { url });
    expect([answer.status, answer.body]).toEqual([503, problem(503, 'unavailable')]);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    const health = await call('/health/ready', { url });
    expect(health.status).toBe(503);
    expect(health.body.checks).toMatchObject({ redis: 'ok', 'admin-api': 'ok', 'transcription-collector': 'ok' });
    expect(health.body.checks['bot-manager']).not.toBe('ok');
  });

  test('and it is admin-api, no key is taken for unknown', async () => {
    const url = await edge.startGateway({ ADMIN_API_URL: `http://127.0.0.1:${await freePort()}` });
    const answer = await call('/bots/status', { url });
    expect([answer.status, answer.body]).toEqual([503, problem(503, 'unavailable')]);
  });

  test('to answer in time, the answer is 504', async () => {
    const url = await edge.startGateway({ UPSTREAM_TIMEOUT_MS: '1000' });
    const answer = await call('/transcripts/local/slow', { url });
    expect([answer.status, answer.body]).toEqual([504, problem(504, 'gateway_timeout')]);
  });

  test('and answers nonsense, the answer is 502', async () => {
    const url = await edge.startGateway({ TRANSCRIPTION_COLLECTOR_URL: edge.nonsenseUrl });
    const answer = await call(t, { url });
    expect([answer.status, answer.body]).toEqual([502, problem(502, 'bad_gateway')]);
  });
});

test('a revoked key is refused within a moment, though it was remembered', async () => {
  const { key, tokenId } = await edge.newKey();
  expect((await call('/auth/me', { key })).status).toBe(200);
  expect((await edge.adminCall('DELETE', `/admin/tokens/${tokenId}`)).status).toBe(204);
  await waitFor('refusal', async () => (await call('/auth/me', { key })).status === 401, { deadlineMs: 15_000 });
});

test("a user's new limit is seen within a moment", async () => {
  const { key, user } = await edge.newKey();
  await call('/auth/me', { key });
  await edge.adminCall('PATCH', `/admin/users/${user.id}`, { max_concurrent_bots: 9 });
  await waitFor('the limit', async () => (await call('/auth/me', { key })).body.max_concurrent_bots === 9, {
    deadlineMs: 15_000,
  });
});

test('the admin routes ask for the admin key, and take no other', async () => {
  for (const headers of [{}, { 'x-admin-api-key': all.key }]) {
    const answer = await call('/admin/users', { headers });
    expect([answer.status, answer.body]).toEqual([401, problem(401, 'unauthorized')]);
  }
});

test('what the gateway answers itself needs no key', async () => {
  expect((await call('/', { key: '' })).body).toEqual({ message: 'Welcome to the Vexa API Gateway' });
  expect((await call('/health/live', { key: '' })).body).toEqual({ status: 'ok' });
  expect((await call('/health/ready', { key: '' })).status).toBe(200);
  const nowhere = await call('/nowhere', { key: '' });
  expect([nowhere.status, nowhere.body]).toEqual([404, problem(404, 'not_found')]);
});

test('browsers of the configured origins may call, and no others', async () => {
  const url = await edge.startGateway({ CORS_ORIGINS: 'https://app.example, https://b.example' });
  const preflight = async (origin: string) => {
    const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-api-key' };
    return (await fetch(`${url}/bots`, { method: 'OPTIONS', headers })).headers;
  };
  expect((await preflight('https://app.example')).get('access-control-allow-origin')).toBe('https://app.example');
  expect((await preflight('https://evil.example')).get('access-control-allow-origin')).toBeNull();
  const failed = await call('/bots', { url, key: '', headers: { origin: 'https://b.example' } });
  expect(failed.headers.get('access-control-allow-origin')).toBe('https://b.example');
});
