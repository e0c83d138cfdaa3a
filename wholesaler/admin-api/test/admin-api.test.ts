import { signServiceCall } from '@vexa/shared/auth/identity-token';
import { ConfigError } from '@vexa/shared/config';
import { channels } from '@vexa/shared/contracts/redis-names';
import { connectBlockingRedis } from '@vexa/shared/redis/client';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configFromEnv } from '../src/config.ts';
import { type AdminApi, fieldProblem, internalToken, logger, problem, startAdminApi } from './fixture.ts';

let api: AdminApi;
beforeAll(async () => {
  api = await startAdminApi();
});
afterAll(() => api?.stack.disposeAsync());

const call: AdminApi['call'] = (...args) => api.call(...args);
const newUser = () => api.newUser();
const newToken = async (userId: number, body: unknown = {}) =>
  (await call('POST', `/admin/users/${userId}/tokens`, body)).body;
const authenticate = async (key: string) =>
  call('POST', '/internal/authenticate', { key }, { 'x-vexa-identity': await signServiceCall(internalToken, 'test') });

test('without ADMIN_API_TOKEN, or with an example for one, nothing starts', () => {
  const env = { DATABASE_URL: 'postgres://h/d', REDIS_URL: 'redis://h', INTERNAL_TOKEN_SECRET: internalToken };
  expect(() => configFromEnv(env)).toThrow(ConfigError);
  expect(() => configFromEnv(env)).toThrow(/ADMIN_API_TOKEN: is required/);
  expect(() => configFromEnv({ ...env, ADMIN_API_TOKEN: 'changeme' })).toThrow(/ADMIN_API_TOKEN/);
});

describe('every admin route', () => {
  const routes: [string, string][] = [
    ['GET', '/admin/users'],
    ['POST', '/admin/users'],
    ['GET', '/admin/users/1'],
    ['PATCH', '/admin/users/1'],
    ['DELETE', '/admin/users/1'],
    ['GET', '/admin/users/email/a@example.com'],
    ['GET', '/admin/users/1/tokens'],
    ['POST', '/admin/users/1/tokens'],
    ['DELETE', '/admin/tokens/1'],
    ['GET', '/admin/not-there'],
  ];
  test.each(routes)('%s %s refuses who has not the admin key', async (method, path) => {
    for (const key of ['', 'operator-key-012345678X', internalToken]) {
      const answer = await call(method, path, undefined, { 'x-admin-api-key': key });
      expect([answer.status, answer.body]).toEqual([401, problem(401, 'unauthorized')]);
    }
  });

  test.each([
    ['GET', '/admin/users/2000000000', undefined],
    ['PATCH', '/admin/users/2000000000', { name: 'x' }],
    ['DELETE', '/admin/users/2000000000', undefined],
    ['GET', '/admin/users/email/nobody@example.com', undefined],
    ['GET', '/admin/users/2000000000/tokens', undefined],
    ['POST', '/admin/users/2000000000/tokens', {}],
    ['DELETE', '/admin/tokens/2000000000', undefined],
    ['DELETE', '/admin/tokens/99999999999999999999', undefined],
    ['DELETE', '/admin/tokens/vxa_nobody', undefined],
  ])('%s %s answers 404 for what is not there', async (method, path, body) => {
    const answer = await call(method, path, body);
    expect([answer.status, answer.body]).toEqual([404, problem(404, 'not_found')]);
  });

  test.each([
    ['GET', '/admin/users/0', undefined, ['path', 'user_id']],
    ['GET', '/admin/users/abc', undefined, ['path', 'user_id']],
    ['GET', '/admin/users/99999999999', undefined, ['path', 'user_id']],
    ['GET', '/admin/users/email/not-an-email', undefined, ['path', 'email']],
    ['GET', '/admin/users?limit=0', undefined, ['query', 'limit']],
    ['GET', '/admin/users?limit=201', undefined, ['query', 'limit']],
    ['GET', '/admin/users?cursor=rubbish', undefined, ['query', 'cursor']],
    ['GET', '/admin/users?skip=-1', undefined, ['query', 'skip']],
    ['POST', '/admin/users', {}, ['body', 'email']],
    ['POST', '/admin/users', { email: 'no' }, ['body', 'email']],
    ['POST', '/admin/users', { email: 'a@b.co', name: 'nul\0' }, ['body', 'name']],
    ['POST', '/admin/users', { email: 'a@b.co', data: { deep: ['\ud800'] } }, ['body', 'data']],
    ['POST', '/admin/users', { email: 'a@b.co', max_concurrent_bots: -1 }, ['body', 'max_concurrent_bots']],
    ['POST', '/admin/users', { email: 'a@b.co', image_url: 'javascript:x' }, ['body', 'image_url']],
    ['PATCH', '/admin/users/1', { email: null }, ['body', 'email']],
    ['POST', '/admin/users/1/tokens', { scopes: ['root'] }, ['body', 'scopes', 0]],
    ['POST', '/admin/users/1/tokens', { expires_in: 0 }, ['body', 'expires_in']],
  ])('%s %s with bad input %j names the field', async (method, path, body, loc) => {
    const answer = await call(method, path, body);
    expect([answer.status, answer.body]).toEqual([422, fieldProblem(...loc)]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  test('a body that is not JSON is told so', async () => {
    const answer = await call('POST', '/admin/users', '{"email":');
    expect([answer.status, answer.body]).toEqual([400, problem(400, 'bad_request')]);
  });

  test('a body over 1 MiB is refused', async () => {
    const answer = await call('POST', '/admin/users', { email: 'a@b.co', name: 'x'.repeat(1024 * 1024) });
    expect([answer.status, answer.body]).toEqual([413, problem(413, 'payload_too_large')]);
  });
});

describe('users', () => {
  test('are created once per email, whatever its case', async () => {
    const created = await call('POST', '/admin/users', { email: 'Carl@Example.com', name: 'Carl', data: { a: [1] } });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.any(Number),
      email: 'Carl@Example.com',
      name: 'Carl',
      image_url: null,
      max_concurrent_bots: 1,
      data: { a: [1] },
      created_at: expect.stringMatching(/Z$/),
    });
    const again = await call('POST', '/admin/users', { email: 'carl@example.com' });
    expect([again.status, again.body]).toEqual([200, created.body]);
    const found = await call('GET', '/admin/users/email/CARL@example.com');
    expect([found.status, found.body]).toEqual([200, created.body]);
  });

  test('are changed field by field', async () => {
    const user = await newUser();
    const other = await newUser();
    const changed = await call('PATCH', `/admin/users/${user.id}`, { name: 'New', max_concurrent_bots: 7 });
    expect([changed.status, changed.body]).toEqual([200, { ...user, name: 'New', max_concurrent_bots: 7 }]);
    const nothing = await call('PATCH', `/admin/users/${user.id}`, {});
    expect([nothing.status, nothing.body]).toEqual([200, changed.body]);
    const taken = await call('PATCH', `/admin/users/${user.id}`, { email: other.email });
    expect([taken.status, taken.body]).toEqual([409, problem(409, 'conflict')]);
  });

  test('are deleted with their keys', async () => {
    const user = await newUser();
    const { token } = await newToken(user.id);
    expect((await call('DELETE', `/admin/users/${user.id}`)).status).toBe(204);
    expect((await call('GET', `/admin/users/${user.id}`)).status).toBe(404);
    expect((await authenticate(token)).status).toBe(401);
  });

  test('are listed in pages that join without a gap, by cursor and by skip', async () => {
    for (let i = 0; i < 5; i++) await newUser();
    const all = (await call('GET', '/admin/users')).body as { id: number }[];
    const byCursor: { id: number }[] = [];
    for (let cursor = ''; ; ) {
      const page = await call('GET', `/admin/users?limit=2${cursor}`);
      byCursor.push(...page.body);
      const next = page.headers.get('x-next-cursor');
      if (!next) break;
      cursor = `&cursor=${next}`;
    }
    expect(byCursor).toEqual(all);
    expect((await call('GET', '/admin/users?skip=1&limit=2')).body).toEqual(all.slice(1, 3));
    expect((await call('GET', '/admin/users?offset=1&limit=2')).body).toEqual(all.slice(1, 3));
  });
});

describe('keys', () => {
  test('are shown once, with what is known of them', async () => {
    const user = await newUser();
    const issued = await call('POST', `/admin/users/${user.id}/tokens`, {
      scopes: ['bot'],
      name: 'ci',
      expires_in: 60,
    });
    expect(issued.status).toBe(201);
    expect(issued.body).toMatchObject({
      user_id: user.id,
      scopes: ['bot'],
      name: 'ci',
      token: expect.stringMatching(/^vxa_/),
    });
    const life = Date.parse(issued.body.expires_at) - Date.parse(issued.body.created_at);
    expect(life).toBeGreaterThan(59_000);
    expect(life).toBeLessThan(61_000);
    const { token, ...rest } = issued.body;
    expect((await call('GET', `/admin/users/${user.id}/tokens`)).body).toEqual([rest]);
    const detail = await call('GET', `/admin/users/${user.id}`);
    expect(detail.body).toEqual({ ...user, api_tokens: [rest] });
    expect(JSON.stringify(detail.body)).not.toContain(token);
  });

  test.each([
    ['no body at all', {}],
    ['a JSON content type and nothing else', { 'content-type': 'application/json' }],
  ])('are made for old clients that send %s', async (_, headers) => {
    const user = await newUser();
    const answer = await call('POST', `/admin/users/${user.id}/tokens`, undefined, headers);
    expect([answer.status, answer.body.scopes, answer.body.user_id]).toEqual([201, ['*'], user.id]);
    expect(answer.body).toMatchObject({ id: expect.any(Number), created_at: expect.any(String) });
  });

  test.each(['id', 'token'] as const)('are revoked by their %s, again and again', async (by) => {
    const user = await newUser();
    const issued = await newToken(user.id);
    expect((await authenticate(issued.token)).status).toBe(200);
    for (let i = 0; i < 2; i++) expect((await call('DELETE', `/admin/tokens/${issued[by]}`)).status).toBe(204);
    const refused = await authenticate(issued.token);
    expect([refused.status, refused.body]).toEqual([401, problem(401, 'unauthorized')]);
    expect((await call('GET', `/admin/users/${user.id}/tokens`)).body[0].revoked_at).toEqual(expect.any(String));
  });

  test('whose user changed are announced', async () => {
    const subscriber = connectBlockingRedis(api.redis.url, logger);
    const heard: string[] = [];
    subscriber.on('message', (_, message) => heard.push(message));
    await subscriber.subscribe(channels.authChanged);
    const user = await newUser();
    const { id } = await newToken(user.id);
    const announced = (times: number) =>
      waitFor(`announcement ${times}`, () => heard.filter((message) => message === String(user.id)).length >= times);
    await call('DELETE', `/admin/tokens/${id}`);
    await announced(1);
    await call('PATCH', `/admin/users/${user.id}`, { max_concurrent_bots: 3 });
    await announced(2);
    await call('DELETE', `/admin/users/${user.id}`);
    await announced(3);
    subscriber.disconnect();
  });
});

describe('POST /internal/authenticate', () => {
  test('tells whom a key stands for', async () => {
    const user = await newUser();
    const { token } = await newToken(user.id, { scopes: ['tx', 'bot'] });
    const answer = await authenticate(token);
    expect([answer.status, answer.body]).toEqual([
      200,
      { user_id: user.id, email: user.email, scopes: ['tx', 'bot'], max_concurrent_bots: 1, plan: null },
    ]);
  });

  test('hears only calls that a service signed', async () => {
    const forged = await signServiceCall('another-secret-0123456789', 'test');
    for (const identity of ['', 'rubbish', forged]) {
      const answer = await call('POST', '/internal/authenticate', { key: 'x' }, { 'x-vexa-identity': identity });
      expect([answer.status, answer.body]).toEqual([401, problem(401, 'unauthorized')]);
    }
  });
});

test('health tells what is up', async () => {
  expect((await call('GET', '/health/ready')).body).toEqual({ status: 'ok', checks: { postgres: 'ok', redis: 'ok' } });
});

test('while Postgres is away the answer is 503, and all is well once it is back', async () => {
  await api.postgres.restart();
  const answer = await waitFor('an answer', async () => {
    const now = await call('GET', '/admin/users?limit=1');
    if (now.status !== 200) expect([now.status, now.body]).toEqual([503, problem(503, 'unavailable')]);
    return now.status === 200 ? now : undefined;
  });
  expect(answer.body).toHaveLength(1);
});
