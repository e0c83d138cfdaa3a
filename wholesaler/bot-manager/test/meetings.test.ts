import { signServiceCall } from '@vexa/shared/auth/identity-token';
import { signSessionToken } from '@vexa/shared/auth/session-token';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeRunner } from './fake-runner.ts';
import {
  eventsOf,
  type FakeCollector,
  internalSecret,
  type Manager,
  newUser,
  report,
  startCollector,
  startManager,
  untilStatus,
  useStores,
} from './fixture.ts';

const stores = useStores();
const runner = createFakeRunner();
let collector: FakeCollector;
let manager: Manager;
beforeAll(async () => {
  collector = await startCollector();
  manager = await startManager(stores, { collector, runner });
});
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});

type User = Awaited<ReturnType<typeof newUser>>;
const start = async (user: User, room: string, more: Record<string, unknown> = {}) => {
  await user('POST', '/bots', { platform: 'local', native_meeting_id: room, ...more });
  return runner.started.at(-1)!;
};
const finished = async (user: User, room: string, more: Record<string, unknown> = {}) => {
  const bot = await start(user, room, more);
  for (const status of ['joining', 'active', 'completed'] as const) await report(bot, status);
  return untilStatus(user, room, 'completed');
};

describe('meetings', () => {
  it('are listed newest first, a page at a time, by status and platform', async () => {
    const user = await newUser(stores, manager, { limit: 10 });
    for (const room of ['one', 'two', 'three']) await start(user, room);
    await user('POST', '/bots', { platform: 'jitsi', native_meeting_id: 'four' });
    const first = (await user('GET', '/meetings?limit=3')).body;
    const ids = (page: { meetings: { native_meeting_id: string }[] }) => page.meetings.map((m) => m.native_meeting_id);
    expect(ids(first)).toEqual(['four', 'three', 'two']);
    const second = (await user('GET', `/meetings?limit=3&cursor=${first.next_cursor}`)).body;
    expect([ids(second), second.next_cursor]).toEqual([['one'], null]);
    expect(ids((await user('GET', '/meetings?platform=jitsi')).body)).toEqual(['four']);
    expect(ids((await user('GET', '/meetings?status=active')).body)).toEqual([]);
    expect(ids((await user('GET', '/meetings?offset=1&limit=2')).body)).toEqual(['three', 'two']);
    expect(ids((await user('GET', '/meetings?skip=3')).body)).toEqual(['one']);
  });

  it.each(['cursor=nonsense', 'limit=0', 'limit=1000', 'offset=-1', 'status=lost', 'platform=myspace', 'search='])(
    'are not listed by %s, which is named',
    async (query) => {
      const { status, body } = await (await newUser(stores, manager))('GET', `/meetings?${query}`);
      expect(status).toBe(422);
      expect(body.detail[0].loc).toEqual(['query', query.split('=')[0]]);
    },
  );

  it('of the same moment are each listed once', async () => {
    const user = await newUser(stores, manager);
    await stores.connection.sql`
      insert into meetings (user_id, platform, platform_specific_id, status, created_at)
      select ${user.userId}, 'local', 'old-' || n, 'completed', '2026-01-01' from generate_series(1, 25) n`;
    const seen: number[] = [];
    for (let path = '/meetings?limit=10'; path; ) {
      const { body } = await user('GET', path);
      seen.push(...body.meetings.map(({ id }: { id: number }) => id));
      path = body.next_cursor && `/meetings?limit=10&cursor=${body.next_cursor}`;
    }
    expect(seen).toHaveLength(25);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => b - a));
  });

  it('are found by part of their id, name or participants, taken literally', async () => {
    const user = await newUser(stores, manager, { limit: 10 });
    for (const room of ['alpha', 'beta', 'gamma']) await start(user, room);
    await user('PATCH', '/meetings/local/beta', { data: { name: '100% Müller_Weekly', participants: ['Zoë Q.'] } });
    const found = async (search: string) => {
      const { body } = await user('GET', `/meetings?search=${encodeURIComponent(search)}`);
      return body.meetings.map((m: { native_meeting_id: string }) => m.native_meeting_id);
    };
    expect(await found('AMM')).toEqual(['gamma']);
    expect(await found('müller_w')).toEqual(['beta']);
    expect(await found('zoë')).toEqual(['beta']);
    expect(await found('0% M')).toEqual(['beta']);
    expect(await found('%')).toEqual(['beta']);
    expect(await found('a_pha')).toEqual([]);
    expect(await found('\\')).toEqual([]);
    expect(await (await newUser(stores, manager))('GET', '/meetings?search=alpha')).toMatchObject({
      body: { meetings: [] },
    });
  });

  it('belong to their user alone', async () => {
    const owner = await newUser(stores, manager);
    await start(owner, 'private');
    const other = await newUser(stores, manager);
    for (const [method, body] of [['GET'], ['DELETE'], ['PATCH', { data: { name: 'x' } }]] as const) {
      expect((await other(method, '/meetings/local/private', body)).status).toBe(404);
    }
    expect((await other('GET', '/meetings')).body.meetings).toEqual([]);
    expect((await other('GET', '/bots/status')).body.running_bots).toEqual([]);
  });

  it('are named and noted without losing what they had', async () => {
    const user = await newUser(stores, manager);
    await start(user, 'noted', { bot_name: 'Scribe' });
    await user('PATCH', '/meetings/local/noted', { data: { name: 'Weekly' } });
    const changed = await user('PATCH', '/meetings/local/noted', { data: { notes: 'n', participants: ['Zoë'] } });
    expect(changed.body.data).toMatchObject({ name: 'Weekly', notes: 'n', participants: ['Zoë'], bot_name: 'Scribe' });
    expect((await user('PATCH', '/meetings/local/noted', { data: {} })).body).toMatchObject({
      status: 400,
      code: 'bad_request',
    });
    expect((await user('PATCH', '/meetings/local/noted', { data: { status: 'failed' } })).status).toBe(422);
    expect((await user('PATCH', '/meetings/local/noted', { data: { name: 'a\u0000b' } })).status).toBe(422);
    const bad = await user('PATCH', '/meetings/local/noted', { data: { participants: ['ok', 7], notes: 9 } });
    expect(bad.body.detail.map(({ loc }: { loc: unknown[] }) => loc.join('.'))).toEqual([
      'body.data.participants.1',
      'body.data.notes',
    ]);
    expect((await user('PATCH', '/meetings/local/nowhere', { data: { name: 'x' } })).status).toBe(404);
  });

  it('are purged once they are over, as often as one likes', async () => {
    const user = await newUser(stores, manager);
    const room = { metadata: { secret: 'sesame' } };
    const key = { 'idempotency-key': 'purged' };
    await user('POST', '/bots', { platform: 'local', native_meeting_id: 'purged', ...room }, key);
    const bot = runner.started.at(-1)!;
    const early = await user('DELETE', '/meetings/local/purged');
    expect([early.status, early.body.code]).toEqual([409, 'meeting_not_finalized']);
    for (const status of ['joining', 'active', 'completed'] as const) await report(bot, status);
    const meeting = await untilStatus(user, 'purged', 'completed');
    expect((await user('DELETE', '/meetings/local/purged')).status).toBe(200);
    expect(collector.purged).toEqual([meeting.id]);
    const left = (await user('GET', '/meetings/local/purged')).body;
    expect(JSON.stringify(await stores.connection.sql`select * from idempotency_keys`)).not.toContain('sesame');
    expect(left).toMatchObject({ data: { redacted: true }, metadata: {}, constructed_meeting_url: null });
    expect((await user('DELETE', `/meetings/local/purged?meeting_id=${meeting.id}`)).status).toBe(200);
    expect((await user('PATCH', '/meetings/local/purged', { data: { name: 'x' } })).status).toBe(404);
    expect((await user('DELETE', '/meetings/local/nowhere')).status).toBe(404);
  });

  it('of the same name are told apart, so that purging the old one spares the new', async () => {
    const user = await newUser(stores, manager);
    const old = await finished(user, 'twice');
    await start(user, 'twice');
    expect((await user('DELETE', `/meetings/local/twice?meeting_id=${old.id}`)).status).toBe(200);
    expect((await user('GET', '/meetings/local/twice')).body.status).toBe('requested');
  });

  it('are kept when the collector could not delete its part', async () => {
    const down = await startCollector();
    await using other = await startManager(stores, { collector: down, runner });
    const user = await newUser(stores, other);
    const meeting = await finished(user, 'kept');
    await down[Symbol.asyncDispose]();
    const answer = await user('DELETE', '/meetings/local/kept');
    expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
    expect((await user('GET', '/meetings/local/kept')).body.data).toEqual(meeting.data);
  });
});

describe('retention', () => {
  const ask = async (path: string, body?: unknown) => {
    const response = await fetch(manager.url + path, {
      method: 'POST',
      headers: {
        'x-vexa-identity': await signServiceCall(internalSecret, 'transcription-collector'),
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.status;
  };
  const expires_at = '2026-08-08T09:00:00.000Z';

  it('warns the customer once, and then deletes as the customer would', async () => {
    const user = await newUser(stores, manager);
    await user('PUT', '/user/webhook', { webhook_url: 'http://127.0.0.1:9/hook' });
    const meeting = await finished(user, 'expiring');
    const path = `/internal/meetings/${meeting.id}`;
    expect(await Promise.all([1, 2, 3].map(() => ask(`${path}/expiring`, { expires_at })))).toEqual([204, 204, 204]);
    const events = await eventsOf(stores, user.userId, 'meeting.expiring');
    expect(events.map(({ data }) => data)).toMatchObject([{ meeting_id: meeting.id, expires_at }]);
    expect([await ask(`${path}/expire`), await ask(`${path}/expire`)]).toEqual([204, 204]);
    expect((await user('GET', '/meetings/local/expiring')).body.data).toEqual({ redacted: true });
  });

  it('leaves live meetings alone, and does what it is asked for services only', async () => {
    const user = await newUser(stores, manager);
    const bot = await start(user, 'lively');
    const path = `/internal/meetings/${bot.config.meeting_id}`;
    expect([await ask(`${path}/expiring`, { expires_at }), await ask(`${path}/expire`)]).toEqual([409, 409]);
    expect([await ask('/internal/meetings/999999/expire'), await ask(`${path}/expiring`, {})]).toEqual([404, 422]);
    expect((await user('POST', `${path}/expire`)).status).toBe(401);
  });
});

describe('callers', () => {
  it.each([
    ['POST', '/bots'],
    ['DELETE', '/bots/local/room'],
    ['PUT', '/bots/local/room/config'],
    ['GET', '/bots/status'],
    ['GET', '/meetings'],
    ['GET', '/meetings/local/room'],
    ['PATCH', '/meetings/local/room'],
    ['DELETE', '/meetings/local/room'],
    ['GET', '/user/webhook'],
    ['PUT', '/user/webhook'],
    ['GET', '/user/webhook/deliveries'],
    ['POST', '/user/webhook/deliveries/0190d3c0-0000-4000-8000-000000000000/replay'],
    ['POST', '/user/webhook/test'],
    ['GET', '/admin/webhooks/dead'],
    ['POST', '/admin/webhooks/0190d3c0-0000-4000-8000-000000000000/replay'],
    ['POST', '/internal/meetings/1/expiring'],
    ['POST', '/internal/meetings/1/expire'],
    ['POST', '/bots/internal/callback'],
  ])('without an identity are refused at %s %s', async (method, path) => {
    const body = JSON.stringify({ connection_id: 'x', status: 'heartbeat', timestamp: new Date().toISOString() });
    const init = method === 'GET' ? { method } : { method, body, headers: { 'content-type': 'application/json' } };
    const response = await fetch(manager.url + path, init);
    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  it.each([
    ['tx', 'POST', '/bots'],
    ['tx', 'DELETE', '/bots/local/room'],
    ['tx', 'PUT', '/bots/local/room/config'],
    ['tx', 'GET', '/bots/status'],
    ['bot', 'PATCH', '/meetings/local/room'],
    ['bot', 'DELETE', '/meetings/local/room'],
  ] as const)('with the scope %s alone are refused at %s %s', async (scope, method, path) => {
    const user = await newUser(stores, manager, { scopes: [scope] });
    const { status, body, headers } = await user(method, path, method === 'GET' ? undefined : {});
    expect([status, body.code, body.status]).toEqual([403, 'forbidden', 403]);
    expect(headers.get('content-type')).toBe('application/problem+json');
  });

  it.each(['bot', 'tx'] as const)('with the scope %s alone read meetings', async (scope) => {
    const user = await newUser(stores, manager, { scopes: [scope] });
    expect((await user('GET', '/meetings')).status).toBe(200);
    expect((await user('GET', '/meetings/local/room')).status).toBe(404);
  });

  it('with the session token of another bot are refused', async () => {
    const user = await newUser(stores, manager);
    const bot = await start(user, 'spoofed');
    const token = await signSessionToken('session-secret-of-the-tests', {
      meeting_id: 1,
      user_id: 1,
      connection_id: 'other',
    });
    await expect(report({ config: { ...bot.config, token } }, 'active')).rejects.toThrow('403');
    await expect(report({ config: { ...bot.config, token: 'x.y.z' } }, 'active')).rejects.toThrow('401');
  });
});
