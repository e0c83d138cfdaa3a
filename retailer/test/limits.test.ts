import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect, test } from 'vitest';
import { newRoom, type User, useRetailer } from './fixture.ts';

const retailer = useRetailer(
  (config) => ({ ...config, rateLimits: { ...config.rateLimits, write: 12, address: 20 } }),
  () => ({ DEFAULT_MODEL: 'tiny.en' }),
);
const { wholesaler } = retailer;

let plans = 0;
async function givePlan(user: User, plan: Record<string, unknown>): Promise<number> {
  const made = await retailer.admin('POST', '/admin/plans', { name: `plan-${++plans}`, ...plan });
  expect(made.status).toBe(201);
  const given = await retailer.admin('POST', `/admin/users/${user.id}/plan`, { plan_id: made.body.id });
  expect(given.status).toBe(201);
  return made.body.id;
}

async function attended(user: User, words: string[]): Promise<string> {
  const room = newRoom();
  expect((await user.start(room)).status).toBe(201);
  wholesaler.setStatus(room, 'active');
  wholesaler.say(room, ...words);
  wholesaler.end(room);
  await retailer.announce(wholesaler.finishedEvent(room));
  await user.history(room);
  return room;
}

test('a plan allows its models until their seconds are used, and says what is left', async () => {
  const user = await retailer.addUser();
  const limits = [{ model_identifier: 'tiny.en', max_seconds: 3 }];
  await givePlan(user, { max_concurrent_bots: 7, model_limits: limits });
  const refused = await user.start(newRoom(), { model_identifier: 'large-v3' });
  expect([refused.status, refused.body.code]).toEqual([403, 'plan_limit']);
  expect(refused.body.detail).toContain('does not include the model large-v3');

  await attended(user, ['one']);
  expect(JSON.parse(wholesaler.requests.findLast(({ method }) => method === 'POST')?.body ?? '')).toMatchObject({
    model_identifier: 'tiny.en',
  });
  const quote = (await user.call('GET', '/usage/quote')).body;
  expect(quote).toMatchObject({
    user_id: user.id,
    models: [{ model_identifier: 'tiny.en', used_seconds: 2.123, limit_seconds: 3, remaining_seconds: 0.877 }],
    concurrent_bots: { used: 0, limit: 7 },
  });
  await attended(user, ['two']);
  const over = await user.start(newRoom());
  expect([over.status, over.body.code]).toEqual([403, 'plan_limit']);
  const check = `/admin/internal/check_limits?user_id=${user.id}&model_identifier=tiny.en`;
  expect((await retailer.admin('GET', check)).body).toMatchObject({ allowed: false, code: 'plan_limit' });
  expect((await user.call('GET', '/auth/me')).body).toMatchObject({ user_id: user.id, max_concurrent_bots: 7 });
  expect((await fetch(`${retailer.url}/usage/quote`)).status).toBe(401);
});

test('a shared meeting is counted for each who may read it, and its model is asked of whoever joins', async () => {
  const [ann, bob, eve] = [await retailer.addUser(), await retailer.addUser(), await retailer.addUser()];
  await givePlan(eve, { model_limits: [{ model_identifier: 'small', max_seconds: null }] });
  const room = newRoom();
  await ann.start(room);
  expect((await bob.start(room)).status).toBe(200);
  expect((await eve.start(room)).body.code).toBe('plan_limit');
  wholesaler.say(room, 'one', 'two');
  wholesaler.end(room);
  await retailer.announce(wholesaler.finishedEvent(room));
  await ann.history(room);
  for (const user of [ann, bob]) {
    const { models } = (await user.call('GET', '/usage/quote')).body;
    expect(models).toMatchObject([{ model_identifier: 'tiny.en', used_seconds: 4.246, limit_seconds: null }]);
  }
  expect((await eve.call('GET', '/usage/quote')).body.models).toMatchObject([{ model_identifier: 'small' }]);
  await ann.call('DELETE', `/meetings/local/${room}`);
  expect((await ann.call('GET', '/usage/quote')).body.models[0].used_seconds).toBe(4.246);
});

test('a plan’s number of bots holds for requests in parallel, and a plan in use stays', async () => {
  const user = await retailer.addUser({ maxBots: 9 });
  const plan = await givePlan(user, { max_concurrent_bots: 2 });
  const answers = await Promise.all(Array.from({ length: 5 }, () => user.start(newRoom())));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 429, 429, 429]);
  expect(answers.find(({ status }) => status === 429)?.body.code).toBe('concurrent_bot_limit');
  expect((await retailer.admin('DELETE', `/admin/plans/${plan}`)).status).toBe(409);
  expect((await retailer.admin('DELETE', `/admin/users/${user.id}/plan`)).status).toBe(204);
  expect((await retailer.admin('DELETE', `/admin/plans/${plan}`)).status).toBe(204);
});

test('a start is safe to repeat under its key, and free again when it failed', async () => {
  const user = await retailer.addUser();
  const room = newRoom();
  const body = { platform: 'local', native_meeting_id: room, metadata: { project: 'apollo' } };
  const key = { 'idempotency-key': 'start-once' };
  const first = await user.call('POST', '/bots', body, key);
  expect(first.status).toBe(201);
  const before = wholesaler.count('POST', '/bots');
  await user.leave(room);
  const again = await user.call('POST', '/bots', body, key);
  expect([again.status, again.body]).toEqual([201, first.body]);
  expect(wholesaler.count('POST', '/bots')).toBe(before);
  const other = await user.call('POST', '/bots', { ...body, language: 'de' }, key);
  expect([other.status, other.body.detail[0].loc]).toEqual([422, ['header', 'Idempotency-Key']]);
  expect((await user.call('POST', '/bots', body, { 'idempotency-key': 'with space' })).status).toBe(422);

  const failing = { ...body, native_meeting_id: newRoom() };
  const forget = wholesaler.answer('POST', '/bots', { status: 503, body: { code: 'no_capacity', detail: 'full' } });
  expect((await user.call('POST', '/bots', failing, { 'idempotency-key': 'fails-first' })).status).toBe(503);
  forget();
  expect((await user.call('POST', '/bots', failing, { 'idempotency-key': 'fails-first' })).status).toBe(201);
});

test('a referral is noted once, under both of its names', async () => {
  const user = await retailer.addUser();
  const key = { 'idempotency-key': 'came-once' };
  const noted = await user.call('POST', '/referrals', { utm_source: 'letter' }, key);
  expect(noted.status).toBe(201);
  expect((await user.call('POST', '/referrals', { utm_source: 'letter' }, key)).body).toEqual(noted.body);
  expect((await user.call('POST', '/admin/internal/log_referral', { utm_source: 'old' })).status).toBe(201);
  expect((await user.call('POST', '/referrals', { utm_source: 7 })).status).toBe(422);
  expect((await fetch(`${retailer.url}/referrals`, { method: 'POST' })).status).toBe(401);
});

test('who asks more often than they may is told when to come back; users are counted apart', async () => {
  const [busy, calm] = [await retailer.addUser(), await retailer.addUser()];
  const patch = (user: User) => user.call('PATCH', '/meetings/local/nowhere', { data: { name: 'x' } });
  const first = await patch(busy);
  expect([first.status, first.headers.get('ratelimit-limit'), first.headers.get('ratelimit-remaining')]).toEqual([
    404,
    '12',
    '11',
  ]);
  const answers = await Promise.all(Array.from({ length: 12 }, () => patch(busy)));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(1);
  expect(refused[0]?.body.code).toBe('rate_limited');
  expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await patch(calm)).status).toBe(404);
  expect((await busy.call('GET', '/meetings')).status).toBe(200);
});

test('metrics tell of breakers, webhooks, drift and followers, to the operator alone', async () => {
  expect((await fetch(`${retailer.url}/metrics`)).status).toBe(401);
  const text = await (await fetch(`${retailer.adminUrl}/metrics`)).text();
  for (const name of [
    'vexa_retailer_breaker_open{operation="start",service="retailer"} 0',
    'vexa_retailer_pending_finishes',
    'vexa_retailer_live_meetings',
    'vexa_retailer_live_socket_open',
    'vexa_retailer_drift_total',
    'vexa_transcript_followers',
    'vexa_webhooks{status="dead"',
    'vexa_http_request_duration_seconds_bucket',
  ]) {
    expect(text).toContain(name);
  }
});

test('it is ready without the wholesaler, and says that it is away', async () => {
  const ready = async () => (await fetch(`${retailer.url}/health/ready`)).json();
  expect(await ready()).toMatchObject({
    status: 'ok',
    checks: { postgres: 'ok', wholesaler: 'ok', live_socket: 'ok', webhook_registration: 'ok' },
  });
  await using _ = await wholesaler.away();
  const user = await retailer.addUser();
  // An open breaker lets one call try again after a while, so it is asked right after a failure.
  const told = await waitFor('word of it', async () => {
    await user.start(newRoom());
    const answer = await ready();
    return answer.checks.wholesaler === 'ok' ? undefined : answer;
  });
  expect(told).toMatchObject({ status: 'ok', checks: { postgres: 'ok', wholesaler: 'unavailable' } });
  expect((await fetch(`${retailer.url}/health/ready`)).status).toBe(200);
});

test('unknown keys are refused by address, known ones go on', async () => {
  const user = await retailer.addUser();
  expect((await user.call('GET', '/meetings')).status).toBe(200);
  const guesses = await Promise.all(
    Array.from({ length: 30 }, (_, i) => fetch(`${retailer.url}/meetings`, { headers: { 'x-api-key': `vxa_${i}` } })),
  );
  expect(new Set(guesses.map(({ status }) => status))).toEqual(new Set([401, 429]));
  expect((await user.call('GET', '/meetings')).status).toBe(200);
});
