import { once } from 'node:events';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Edge, startEdge } from './fixture.ts';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge?.stack.disposeAsync());

const get = (url: string, key: string, path = '/bots/status') => fetch(url + path, { headers: { 'x-api-key': key } });
const startBot = (url: string, key: string) => fetch(`${url}/bots`, { method: 'POST', headers: { 'x-api-key': key } });

test('who asks more often than they may is told when to come back, over all gateways together', async () => {
  const env = { RATE_LIMIT_READ: '5' };
  const gateways = [await edge.startGateway(env), await edge.startGateway(env)];
  const { key } = await edge.newKey();
  const first = await get(gateways[0]!, key);
  expect(first.status).toBe(201);
  expect(first.headers.get('ratelimit-limit')).toBe('5');
  expect(first.headers.get('ratelimit-remaining')).toBe('4');
  expect(Number(first.headers.get('ratelimit-reset'))).toBeGreaterThan(0);
  const rest = await Promise.all(Array.from({ length: 19 }, (_, i) => get(gateways[i % 2]!, key)));
  expect(rest.filter(({ status }) => status === 201)).toHaveLength(4);
  const refused = rest.find(({ status }) => status === 429)!;
  expect(refused.headers.get('content-type')).toBe('application/problem+json');
  expect(refused.headers.get('ratelimit-remaining')).toBe('0');
  expect(refused.headers.get('retry-after')).toBe(refused.headers.get('ratelimit-reset'));
  expect(await refused.json()).toMatchObject({ status: 429, code: 'rate_limited', detail: expect.any(String) });
});

test('users, and kinds of requests, are counted apart; 0 is no limit', async () => {
  const url = await edge.startGateway({ RATE_LIMIT_START: '1', RATE_LIMIT_READ: '0' });
  const [one, two] = [await edge.newKey(), await edge.newKey()];
  expect((await startBot(url, one.key)).status).toBe(201);
  expect((await startBot(url, one.key)).status).toBe(429);
  expect((await startBot(url, two.key)).status).toBe(201);
  const read = await get(url, one.key);
  expect([read.status, read.headers.has('ratelimit-limit')]).toEqual([201, false]);
});

test('an unknown key is told so, however often it comes', async () => {
  const url = await edge.startGateway({ RATE_LIMIT_READ: '1' });
  for (let i = 0; i < 3; i++) expect((await get(url, 'vxa_nobody')).status).toBe(401);
});

test('while Redis is away requests are still counted, by each gateway for itself', async () => {
  const url = await edge.startGateway({ RATE_LIMIT_READ: '3' });
  const { key } = await edge.newKey();
  await get(url, key);
  await edge.redisServer.kill();
  try {
    const statuses: number[] = [];
    await waitFor('a refusal', async () => {
      const { status } = await get(url, key);
      statuses.push(status);
      return status === 429;
    });
    expect(new Set(statuses)).toEqual(new Set([201, 429]));
  } finally {
    await edge.redisServer.start();
  }
});

describe('whoever nobody vouches for', () => {
  test('is counted by address: unknown keys, links, and wrong admin keys; known keys go on', async () => {
    const url = await edge.startGateway({ RATE_LIMIT_ADDRESS: '4', TRUSTED_PROXIES: '1' });
    const { key } = await edge.newKey();
    expect((await get(url, key)).status).toBe(201);
    const from = (address: string, headers: Record<string, string>, path = '/bots/status') =>
      fetch(url + path, { headers: { 'x-forwarded-for': address, ...headers } });
    const guess = () => from('203.0.113.1', { 'x-api-key': `vxa_${Math.random()}` });
    const operator = () => from('203.0.113.1', { 'x-admin-api-key': 'wrong' }, '/admin/users');
    const link = (address: string) => from(address, {}, '/public/transcripts/nothing-here.txt');
    expect([(await guess()).status, (await guess()).status]).toEqual([401, 401]);
    expect((await operator()).status).toBe(401);
    // What was remembered of the key before is forgotten when its making is announced.
    expect((await get(url, key)).status).toBe(201);
    expect((await link('203.0.113.1')).headers.get('ratelimit-remaining')).toBe('0');
    for (const refused of [await guess(), await guess(), await operator(), await link('203.0.113.1')]) {
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await refused.json()).toMatchObject({ code: 'rate_limited' });
    }
    expect((await from('203.0.113.1', { 'x-api-key': key })).status).toBe(201);
    expect((await link('made-up, 203.0.113.2')).status).not.toBe(429);
    expect((await from('203.0.113.2', { 'x-api-key': 'vxa_nobody' })).status).toBe(401);
  });

  test('cannot try keys out on the live socket either', async () => {
    const url = await edge.startGateway({ RATE_LIMIT_ADDRESS: '1', TRUSTED_PROXIES: '1' });
    const headers = { 'x-api-key': 'vxa_nobody', 'x-forwarded-for': '203.0.113.3' };
    const closed = async () => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers });
      const [code] = await once(socket, 'close');
      return code;
    };
    expect(await closed()).toBe(4401);
    expect(await closed()).toBe(1013);
  });
});
