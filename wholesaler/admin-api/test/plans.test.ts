import { idempotencyKeys } from '@vexa/wholesaler-database/schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AdminApi, fieldProblem, problem, startAdminApi } from './fixture.ts';

let api: AdminApi;
beforeAll(async () => {
  api = await startAdminApi();
});
afterAll(() => api?.stack.disposeAsync());

const call: AdminApi['call'] = (...args) => api.call(...args);
let plansMade = 0;
const newPlan = async (more: object = {}) =>
  (await call('POST', '/admin/plans', { name: `Plan ${++plansMade}`, ...more })).body;
const nobody = 2_000_000_000;

describe('every route of plans and analytics', () => {
  const routes: [string, string][] = [
    ['GET', '/admin/plans'],
    ['POST', '/admin/plans'],
    ['GET', '/admin/plans/1'],
    ['PUT', '/admin/plans/1'],
    ['DELETE', '/admin/plans/1'],
    ['POST', '/admin/users/1/plan'],
    ['GET', '/admin/users/1/plan'],
    ['PUT', '/admin/users/1/plan'],
    ['DELETE', '/admin/users/1/plan'],
    ['GET', '/admin/internal/check_limits?user_id=1&model_identifier=small'],
    ['GET', '/admin/stats/meetings-users'],
    ['GET', '/admin/analytics/users'],
    ['GET', '/admin/analytics/meetings'],
    ['GET', '/admin/analytics/meetings/1/telematics'],
    ['GET', '/admin/analytics/users/1/details'],
  ];
  test.each(routes)('%s %s refuses who has not the admin key', async (method, path) => {
    for (const key of ['', 'operator-key-012345678X']) {
      const answer = await call(method, path, undefined, { 'x-admin-api-key': key });
      expect([answer.status, answer.body]).toEqual([401, problem(401, 'unauthorized')]);
    }
    const user = await api.newUser();
    expect((await api.callAs(user, method, path)).status).toBe(401);
  });

  test.each([
    ['GET', `/admin/plans/${nobody}`, undefined],
    ['PUT', `/admin/plans/${nobody}`, { name: 'x' }],
    ['DELETE', `/admin/plans/${nobody}`, undefined],
    ['GET', `/admin/users/${nobody}/plan`, undefined],
    ['PUT', `/admin/users/${nobody}/plan`, {}],
    ['DELETE', `/admin/users/${nobody}/plan`, undefined],
    ['POST', `/admin/users/${nobody}/plan`, { plan_id: 1 }],
    ['GET', `/admin/internal/check_limits?user_id=${nobody}&model_identifier=small`, undefined],
    ['GET', `/admin/analytics/meetings/${nobody}/telematics`, undefined],
    ['GET', `/admin/analytics/users/${nobody}/details`, undefined],
  ])('%s %s answers 404 for what is not there', async (method, path, body) => {
    const answer = await call(method, path, body);
    expect([answer.status, answer.body]).toEqual([404, problem(404, 'not_found')]);
  });

  test.each([
    ['POST', '/admin/plans', {}, ['body', 'name']],
    ['POST', '/admin/plans', { name: ' ' }, ['body', 'name']],
    ['POST', '/admin/plans', { name: 'x', max_concurrent_bots: -1 }, ['body', 'max_concurrent_bots']],
    [
      'POST',
      '/admin/plans',
      { name: 'x', model_limits: [{ model_identifier: 'a b' }] },
      ['body', 'model_limits', 0, 'model_identifier'],
    ],
    [
      'POST',
      '/admin/plans',
      { name: 'x', model_limits: [{ model_identifier: 'a' }, { model_identifier: 'a' }] },
      ['body', 'model_limits'],
    ],
    [
      'PUT',
      '/admin/plans/1',
      { model_limits: [{ model_identifier: 'a', max_seconds: -1 }] },
      ['body', 'model_limits', 0, 'max_seconds'],
    ],
    ['GET', '/admin/plans/0', undefined, ['path', 'plan_id']],
    ['GET', '/admin/plans?limit=0', undefined, ['query', 'limit']],
    ['GET', '/admin/plans?cursor=x', undefined, ['query', 'cursor']],
    ['POST', '/admin/users/1/plan', {}, ['body', 'plan_id']],
    ['POST', '/admin/users/1/plan', { plan_id: 1, period_end: 'soon' }, ['body', 'period_end']],
    ['POST', '/admin/users/1/plan', { plan_id: 1, renews: 'week' }, ['body', 'renews']],
    [
      'PUT',
      '/admin/users/1/plan',
      { period_start: '2026-02-01T00:00:00Z', period_end: '2026-01-01T00:00:00Z' },
      ['body', 'period_end'],
    ],
    ['GET', '/admin/internal/check_limits?user_id=x&model_identifier=small', undefined, ['query', 'user_id']],
    ['GET', '/admin/internal/check_limits?user_id=1', undefined, ['query', 'model_identifier']],
    ['GET', '/admin/analytics/meetings/x/telematics', undefined, ['path', 'meeting_id']],
  ])('%s %s with bad input %j names the field', async (method, path, body, loc) => {
    const answer = await call(method, path, body);
    expect([answer.status, answer.body]).toEqual([422, fieldProblem(...loc)]);
  });
});

describe('plans', () => {
  test('are made, read, changed field by field, and deleted', async () => {
    const limits = [
      { model_identifier: 'small', max_seconds: 60 },
      { model_identifier: '*', max_seconds: null },
    ];
    const made = await call('POST', '/admin/plans', { name: 'Team', max_concurrent_bots: 5, model_limits: limits });
    expect([made.status, made.body]).toEqual([
      201,
      {
        id: expect.any(Number),
        name: 'Team',
        description: null,
        max_concurrent_bots: 5,
        is_active: true,
        model_limits: expect.arrayContaining(limits),
        created_at: expect.stringMatching(/Z$/),
        updated_at: expect.stringMatching(/Z$/),
      },
    ]);
    const path = `/admin/plans/${made.body.id}`;
    expect((await call('GET', path)).body).toEqual(made.body);
    const renamed = await call('PUT', path, { description: 'For teams' });
    expect(renamed.body).toMatchObject({ name: 'Team', description: 'For teams', max_concurrent_bots: 5 });
    expect(renamed.body.model_limits).toHaveLength(2);
    const changed = await call('PUT', path, { max_concurrent_bots: null, model_limits: [] });
    expect(changed.body).toMatchObject({ name: 'Team', max_concurrent_bots: null, model_limits: [] });
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('GET', path)).status).toBe(404);
  });

  test('have names of their own', async () => {
    const [one, two] = [await newPlan(), await newPlan()];
    const again = await call('POST', '/admin/plans', { name: one.name });
    expect([again.status, again.body]).toEqual([409, problem(409, 'conflict')]);
    const renamed = await call('PUT', `/admin/plans/${two.id}`, { name: one.name });
    expect([renamed.status, renamed.body]).toEqual([409, problem(409, 'conflict')]);
  });

  test('that somebody has are not deleted', async () => {
    const [plan, user] = [await newPlan(), await api.newUser()];
    await call('POST', `/admin/users/${user.id}/plan`, { plan_id: plan.id });
    const refused = await call('DELETE', `/admin/plans/${plan.id}`);
    expect([refused.status, refused.body]).toEqual([409, problem(409, 'conflict')]);
    await call('DELETE', `/admin/users/${user.id}/plan`);
    expect((await call('DELETE', `/admin/plans/${plan.id}`)).status).toBe(204);
  });

  test('are listed in pages that join without a gap', async () => {
    for (let i = 0; i < 3; i++) await newPlan();
    const all = (await call('GET', '/admin/plans')).body;
    const first = await call('GET', '/admin/plans?limit=2');
    const second = await call('GET', `/admin/plans?limit=2&cursor=${first.headers.get('x-next-cursor')}`);
    expect([...first.body, ...second.body]).toEqual(all.slice(0, 4));
    expect((await call('GET', '/admin/plans?skip=1&limit=2')).body).toEqual(all.slice(1, 3));
  });
});

describe("a user's plan", () => {
  test('is given, replaced, changed and taken', async () => {
    const [one, two, user] = [await newPlan({ max_concurrent_bots: 9 }), await newPlan(), await api.newUser()];
    const path = `/admin/users/${user.id}/plan`;
    expect((await call('GET', path)).status).toBe(404);
    const first = await call('POST', path, { plan_id: one.id, period_start: '2026-08-01T02:00:00+02:00' });
    expect([first.status, first.body]).toEqual([
      201,
      {
        user_id: user.id,
        plan_id: one.id,
        plan: one,
        period_start: '2026-08-01T00:00:00.000Z',
        period_end: null,
        renews: null,
        created_at: expect.any(String),
        updated_at: expect.any(String),
      },
    ]);
    expect((await call('GET', path)).body).toEqual(first.body);
    const changed = await call('PUT', path, { renews: 'month', period_end: '2027-08-01T00:00:00Z' });
    expect(changed.body).toMatchObject({ renews: 'month', period_end: '2027-08-01T00:00:00.000Z', plan_id: one.id });
    expect(changed.body.period_start).toBe(first.body.period_start);
    const kept = await call('PUT', path, { period_end: '2026-07-01T00:00:00Z' });
    expect([kept.status, kept.body]).toEqual([422, fieldProblem('body', 'period_end')]);
    const second = await call('POST', path, { plan_id: two.id });
    expect([second.status, second.body.plan.name, second.body.renews]).toEqual([200, two.name, null]);
    expect((await call('DELETE', path)).status).toBe(204);
    const gone = await call('DELETE', path);
    expect([gone.status, gone.body]).toEqual([404, problem(404, 'not_found')]);
  });

  test('is one that exists and may be had', async () => {
    const [retired, user] = [await newPlan({ is_active: false }), await api.newUser()];
    for (const plan_id of [nobody, retired.id]) {
      const answer = await call('POST', `/admin/users/${user.id}/plan`, { plan_id });
      expect([answer.status, answer.body]).toEqual([422, fieldProblem('body', 'plan_id')]);
    }
  });

  test('sets what their key is told to allow', async () => {
    const [plan, user] = [await newPlan({ max_concurrent_bots: 7 }), await api.newUser()];
    await call('POST', `/admin/users/${user.id}/plan`, { plan_id: plan.id });
    const quote = await api.callAs(user, 'GET', '/usage/quote');
    expect(quote.body).toMatchObject({ plan: { name: plan.name }, concurrent_bots: { used: 0, limit: 7 } });
  });
});

describe('a request that creates, sent again with its idempotency key', () => {
  const key = (name: string) => ({ 'idempotency-key': name });

  test('creates once and is given the first answer', async () => {
    const body = { name: 'Once', model_limits: [{ model_identifier: 'small', max_seconds: 5 }] };
    const first = await call('POST', '/admin/plans', body, key('plan-1'));
    const again = await call('POST', '/admin/plans', body, key('plan-1'));
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
  });

  test('with another body or for another route is refused', async () => {
    const user = await api.newUser();
    await call('POST', '/admin/users', { email: user.email }, key('user-1'));
    for (const [path, body] of [
      ['/admin/users', { email: 'other@example.com' }],
      ['/admin/plans', { name: 'Other' }],
    ] as const) {
      const answer = await call('POST', path, body, key('user-1'));
      expect([answer.status, answer.body]).toEqual([422, fieldProblem('header', 'Idempotency-Key')]);
    }
  });

  test('keeps the answer of the user that was made', async () => {
    const body = { email: 'idem@example.com' };
    const first = await call('POST', '/admin/users', body, key('user-2'));
    const again = await call('POST', '/admin/users', body, key('user-2'));
    expect([first.status, again.status, again.body]).toEqual([201, 201, first.body]);
    expect((await call('POST', '/admin/users', body)).status).toBe(200);
  });

  test('is given the same token, of which nothing readable is stored', async () => {
    const user = await api.newUser();
    const path = `/admin/users/${user.id}/tokens`;
    const first = await call('POST', path, { name: 'a' }, key('token-key-1'));
    const again = await call('POST', path, { name: 'a' }, key('token-key-1'));
    expect(again.body).toEqual(first.body);
    expect((await call('GET', path)).body).toHaveLength(1);
    const stored = JSON.stringify(await api.db.select().from(idempotencyKeys));
    expect(stored).not.toContain(first.body.token);
    expect(stored).not.toContain('token-key-1');
  });

  test('may be tried again after a failure', async () => {
    const user = await api.newUser();
    const path = `/admin/users/${user.id}/plan`;
    const plan = await newPlan({ is_active: false });
    expect((await call('POST', path, { plan_id: plan.id }, key('assign-1'))).status).toBe(422);
    await call('PUT', `/admin/plans/${plan.id}`, { is_active: true });
    expect((await call('POST', path, { plan_id: plan.id }, key('assign-1'))).status).toBe(201);
  });

  test('many times at once creates once; the others are told so', async () => {
    const body = { name: 'At once' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call('POST', '/admin/plans', body, key('race-1'))),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(new Set(made.map((answer) => answer.body.id)).size).toBe(1);
    for (const { status } of answers) expect([201, 409]).toContain(status);
  });

  test('with a key of a wrong form names the header', async () => {
    const answer = await call('POST', '/admin/plans', { name: 'x' }, key('a b'));
    expect([answer.status, answer.body]).toEqual([422, fieldProblem('header', 'idempotency-key')]);
  });

  test('by another user is another request', async () => {
    const [one, two] = [await api.newUser(), await api.newUser()];
    const body = { utm_source: 'x' };
    const first = await api.callAs(one, 'POST', '/referrals', body, key('mine'));
    const second = await api.callAs(two, 'POST', '/referrals', body, key('mine'));
    expect([first.body.user_id, second.body.user_id]).toEqual([one.id, two.id]);
  });
});

describe.each(['/referrals', '/admin/internal/log_referral'])('POST %s', (path) => {
  test("notes where the key's user came from", async () => {
    const user = await api.newUser();
    const given = { utm_source: 'newsletter', landing_page: 'https://a.example/', unknown: 1 };
    const answer = await api.callAs(user, 'POST', path, given);
    expect([answer.status, answer.body]).toEqual([
      201,
      {
        id: expect.any(Number),
        user_id: user.id,
        utm_source: 'newsletter',
        utm_medium: null,
        utm_campaign: null,
        utm_term: null,
        utm_content: null,
        referrer: null,
        landing_page: 'https://a.example/',
        created_at: expect.any(String),
      },
    ]);
  });

  test('needs something to note, and an identity', async () => {
    const user = await api.newUser();
    expect((await api.callAs(user, 'POST', path, { utm_source: '' })).status).toBe(422);
    const long = await api.callAs(user, 'POST', path, { utm_term: 'x'.repeat(257) });
    expect([long.status, long.body]).toEqual([422, fieldProblem('body', 'utm_term')]);
    const stranger = await call('POST', path, { utm_source: 'x' });
    expect([stranger.status, stranger.body]).toEqual([401, problem(401, 'unauthorized')]);
    const deleted = await api.callAs({ id: nobody, email: 'x@example.com' }, 'POST', path, { utm_source: 'x' });
    expect([deleted.status, deleted.body]).toEqual([404, problem(404, 'not_found')]);
  });
});
