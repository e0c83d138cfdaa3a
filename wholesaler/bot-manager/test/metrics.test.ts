import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFakeRunner } from './fake-runner.ts';
import {
  adminKey,
  type FakeCollector,
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

const metrics = async (url = manager.url) => (await fetch(`${url}/metrics`)).text();

it('counts meetings, bots, refusals and webhooks', async () => {
  const user = await newUser(stores, manager, { limit: 1 });
  await user('PUT', '/user/webhook', { webhook_url: 'http://127.0.0.1:9/hook' });
  const start = (room: string) => user('POST', '/bots', { platform: 'local', native_meeting_id: room });
  await start('counted');
  expect((await start('refused')).status).toBe(429);
  const bot = runner.started.at(-1)!;
  await report(bot, 'joining');
  await report(bot, 'active');
  expect(await metrics()).toContain('vexa_meetings_live{status="active",service="bot-manager"} 1');
  expect(await metrics()).toContain('vexa_bots_running{service="bot-manager"} 1');
  await report(bot, 'completed', { completion_reason: 'left_alone' });
  await untilStatus(user, 'counted', 'completed');
  const text = await waitFor('the attempts', async () => {
    const read = await metrics();
    return /vexa_webhook_attempts_total\{outcome="failed",service="bot-manager"\} [1-9]/.test(read) && read;
  });
  for (const line of [
    'vexa_bots_started_total{why="request",service="bot-manager"} 1',
    'vexa_bot_refusals_total{code="concurrent_bot_limit",service="bot-manager"} 1',
    'vexa_meetings_finished_total{status="completed",reason="left_alone",service="bot-manager"} 1',
    'vexa_meetings_incomplete_total{service="bot-manager"} 0',
    'vexa_finish_barrier_seconds_count{service="bot-manager"} 1',
    'vexa_webhooks{status="dead",service="bot-manager"} 0',
  ]) {
    expect(text).toContain(line);
  }
  expect(text).not.toContain('counted');
});

it('tells in its health whether it leads', async () => {
  const leads = async ({ url }: Manager) => (await (await fetch(`${url}/health`)).json()) as unknown;
  await using other = await startManager(stores, { collector, runner });
  expect([await leads(manager), await leads(other)]).toEqual([
    { status: 'ok', leads: true },
    { status: 'ok', leads: false },
  ]);
});

it('asks for the token when there is one', async () => {
  const METRICS_TOKEN = 'the-token-of-the-metrics';
  await using guarded = await startManager(stores, { collector, runner, env: { METRICS_TOKEN } });
  expect((await fetch(`${guarded.url}/metrics`)).status).toBe(401);
  const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
  expect((await fetch(`${guarded.url}/metrics`, { headers })).status).toBe(200);
});

it('lets the operator read and repeat what was given up, and nobody else', async () => {
  const ask = (path: string, key = adminKey, method = 'GET') =>
    fetch(manager.url + path, { method, headers: { 'x-admin-api-key': key } });
  expect((await ask('/admin/webhooks/dead', 'somebody')).status).toBe(401);
  expect((await ask('/admin/webhooks/dead')).status).toBe(200);
  const replay = '/admin/webhooks/0190d3c0-0000-4000-8000-000000000000/replay';
  expect((await ask(replay, 'somebody', 'POST')).status).toBe(401);
  expect((await ask(replay, adminKey, 'POST')).status).toBe(404);
});
