import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { createKubernetesRunner } from '../../src/runners/kubernetes/kubernetes-runner.ts';
import { type BotExit, NoCapacityError, type Runner } from '../../src/runners/runner.ts';
import { specOf } from '../runner-contract.ts';
import { type FakeApi, json, startFakeApi } from './fake-api.ts';

// What a cluster says at bad times; its ordinary answers are proven at a real API server (npm run test:kubernetes).
const dir = mkdtempSync(join(tmpdir(), 'vexa-fake-api-'));
afterAll(() => rm(dir, { recursive: true }));

const pods = '/api/v1/namespaces/bots/pods';
const slow = { deadlineMs: 30_000 };
const pod = (name: string, version: number, more: object = {}) => ({
  metadata: {
    name,
    namespace: 'bots',
    uid: `uid-${name}`,
    resourceVersion: `${version}`,
    labels: { 'vexa.bot': name },
  },
  status: { phase: 'Running' },
  ...more,
});
const listOf = (version: number, ...items: object[]) =>
  json(200, { kind: 'PodList', metadata: { resourceVersion: `${version}` }, items });

let api: FakeApi;
let runner: Runner;
let exits: BotExit[];
/** The watch that is open. */
let watch: ServerResponse | undefined;
const tell = (type: string, object: object) => watch?.write(`${JSON.stringify({ type, object })}\n`);
const watches = () => api.asked.filter((line) => line.includes('watch=true'));
const names = async () => (await runner.list()).map(({ name }) => name);

beforeEach(async () => {
  api = await startFakeApi();
  api.on(`GET ${pods}`, listOf(5, pod('one', 4), pod('two', 5)));
  api.on(`GET ${pods}?watch=true`, (_request, response) => {
    watch = response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
  });
  const kubeconfig = join(dir, 'config');
  api.writeConfig(kubeconfig);
  runner = createKubernetesRunner({
    kubeconfig,
    namespace: 'bots',
    image: 'bot',
    pull: 'missing',
    pullSecrets: [],
    limits: { memoryMb: 64, cpus: 1, tmpMb: 16 },
    requests: { memoryMb: 64, cpus: 1 },
    nodeSelector: {},
    tolerations: [],
    folders: {},
    graceSeconds: 1,
    scheduleSeconds: 1,
    keepEndedMs: 60_000,
    env: {},
    owner: 'tests',
    logger: createLogger('test', process.env.TEST_LOG ? 'debug' : 'silent'),
  });
  exits = [];
  runner.onExit((exit) => exits.push(exit));
});
afterEach(async () => {
  await runner[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

it('goes on after a lost watch where that ended, and tells each exit once', async () => {
  await waitFor('the first watch', () => watches().length === 1, slow);
  const ended = { status: { phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 3 } } }] } };
  tell('MODIFIED', pod('one', 6, ended));
  await waitFor('the exit', () => exits.length === 1, slow);
  api.hangUp();
  await waitFor('another watch', () => watches().length === 2, slow);
  expect(watches().at(-1)).toContain('resourceVersion=6');
  tell('DELETED', pod('one', 7, ended));
  tell('DELETED', pod('two', 8));
  await waitFor('the other exit', () => exits.length === 2, slow);
  expect(exits).toEqual([
    { name: 'one', exitCode: 3 },
    { name: 'two', exitCode: null },
  ]);
  expect(await names()).toEqual([]);
});

it('asks for the list again when the cluster has forgotten where the watch was, and misses who is not in it', async () => {
  await waitFor('the first watch', () => watches().length === 1, slow);
  expect(await names()).toEqual(['one', 'two']);
  api.on(`GET ${pods}?label`, listOf(90, pod('two', 5), pod('three', 90)));
  tell('ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
  watch?.end();
  await waitFor('another watch', () => watches().length === 2, slow);
  expect(watches().at(-1)).toContain('resourceVersion=90');
  expect(exits).toEqual([{ name: 'one', exitCode: null }]);
  expect(await names()).toEqual(['two', 'three']);
});

it('waits for an API server that is away', async () => {
  await waitFor('the first watch', () => watches().length === 1, slow);
  api.on(`GET ${pods}?watch=true`, json(503, { kind: 'Status', code: 503 }));
  api.hangUp();
  await waitFor('more tries', () => watches().length >= 3, slow);
  expect(await names()).toEqual(['one', 'two']);
  expect(exits).toEqual([]);
});

it('has no capacity when the quota is used up, and leaves nothing', async () => {
  const message = 'pods "bot-7" is forbidden: exceeded quota: bots, requested: pods=1, used: pods=1, limited: pods=1';
  api.on(`POST ${pods}`, json(403, { kind: 'Status', code: 403, reason: 'Forbidden', message }));
  await expect(runner.start(specOf('good'))).rejects.toThrow(NoCapacityError);
  expect(api.asked.some((line) => line.startsWith('DELETE'))).toBe(true);
});

it('does not take a missing right for a full cluster', async () => {
  const message = 'secrets is forbidden: User "bot-manager" cannot create resource "secrets"';
  api.on(`POST ${pods}`, json(201, pod('three', 9)));
  api.on('POST /api/v1/namespaces/bots/secrets', json(403, { kind: 'Status', code: 403, message }));
  const starting = runner.start(specOf('good'));
  await expect(starting).rejects.toThrow('cannot create resource');
  await expect(starting).rejects.not.toThrow(NoCapacityError);
  expect(api.asked.at(-1)).toMatch(/^DELETE .*gracePeriodSeconds=0/);
});
