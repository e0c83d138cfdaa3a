import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKubernetesRunner } from '../../src/runners/kubernetes/kubernetes-runner.ts';
import { podName, podSpec } from '../../src/runners/kubernetes/pod-spec.ts';
import { type BotExit, NoCapacityError } from '../../src/runners/runner.ts';
import { describeManagers } from '../managers-contract.ts';
import { describeManager, describeRunner, type RunnerKind, specOf } from '../runner-contract.ts';
import { type Kubelet, startKubelet } from './kubelet.ts';
import { admin, api, certs, createNamespace } from './namespace.ts';

const image = 'vexa-scripted-bot:test';
const namespace = 'bots';
const slow = { deadlineMs: 60_000 };
const entry = fileURLToPath(new URL('../scripted-bot.ts', import.meta.url));
const logger = createLogger('test', process.env.TEST_LOG ? 'debug' : 'silent');
const dir = mkdtempSync(join(tmpdir(), 'vexa-kubernetes-'));
const kubeconfig = join(dir, `${namespace}.kubeconfig`);

let kubelet: Kubelet;
beforeAll(async () => {
  kubelet = await startKubelet({ config: admin, certs, images: { [image]: [process.execPath, entry] }, cpus: 64 });
  await createNamespace(namespace, dir);
}, 120_000);
afterAll(async () => {
  await kubelet?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

type Options = Parameters<typeof createKubernetesRunner>[0];
const optionsFor = (owner: string): Options => ({
  kubeconfig,
  namespace,
  image,
  pull: 'never',
  pullSecrets: [],
  limits: { memoryMb: 256, cpus: 1, tmpMb: 32 },
  requests: { memoryMb: 64, cpus: 0.1 },
  nodeSelector: {},
  tolerations: [],
  folders: {},
  graceSeconds: 5,
  scheduleSeconds: 10,
  keepEndedMs: 60_000,
  env: { LOG_LEVEL: 'info' },
  owner,
  logger,
});
const create = (owner: string, more: Partial<Options> = {}) =>
  createKubernetesRunner({ ...optionsFor(owner), ...more });

const pods: RunnerKind = {
  name: 'Kubernetes',
  create,
  env: (port) => ({
    RUNNER: 'kubernetes',
    KUBECONFIG: kubeconfig,
    BOT_IMAGE: image,
    BOT_IMAGE_PULL: 'never',
    BOT_REQUEST_CPUS: '0.1',
    BOT_REQUEST_MEMORY_MB: '64',
    PUBLIC_CALLBACK_URL: `http://127.0.0.1:${port}`,
  }),
  bots: async () => kubelet.running(),
  kill: async (id) => kubelet.kill(id),
};

describeRunner(pods);

const podsOf = async (owner: string, of = namespace) =>
  (await api.listNamespacedPod({ namespace: of, labelSelector: `vexa.owner=${owner}` })).items;
const secretNames = async (of = namespace) =>
  (await api.listNamespacedSecret({ namespace: of })).items.map(({ metadata }) => metadata!.name);

describe('a pod', { timeout: 120_000 }, () => {
  it('shows nothing of what its bot is told, and takes its Secret along', async () => {
    await using runner = create('secret');
    const spec = specOf('good');
    const bot = await runner.start(spec);
    const [pod] = await podsOf('secret');
    expect(JSON.stringify(pod)).not.toContain(spec.config.redisUrl);
    expect(await secretNames()).toContain(bot.id);
    await runner.stop(bot.id, { graceMs: 0 });
    await waitFor('its Secret to go', async () => !(await secretNames()).includes(bot.id), slow);
  });

  it('is heard of by a runner that did not start it', async () => {
    await using runner = create('adopted');
    await using other = create('adopted');
    const heard: BotExit[] = [];
    using _ = other.onExit((exit) => heard.push(exit));
    const bot = await runner.start(specOf('broken'));
    await waitFor('the news', () => heard.length > 0, slow);
    expect(heard).toEqual([{ name: bot.name, exitCode: 3 }]);
  });

  it('tells its end to a runner that was not there', async () => {
    const spec = specOf('broken');
    {
      await using runner = create('absent');
      await runner.start(spec);
    }
    await waitFor('the end', async () => (await podsOf('absent'))[0]?.status?.phase === 'Failed', slow);
    await using runner = create('absent');
    const heard: BotExit[] = [];
    using _ = runner.onExit((exit) => heard.push(exit));
    await waitFor('the news', () => heard.length > 0, slow);
    expect(heard).toEqual([{ name: spec.name, exitCode: 3 }]);
    expect(await runner.list()).toEqual([]);
  });

  it('is removed after its log was kept for a while', async () => {
    await using runner = create('removal', { keepEndedMs: 500 });
    const bot = await runner.start(specOf('broken'));
    await waitFor('its end', async () => (await runner.list()).length === 0, slow);
    expect(await runner.logs(bot.name, { lines: 5 })).toContain('bot of meeting 7');
    const removed = async () => {
      await runner.list();
      return (await podsOf('removal')).length === 0;
    };
    await waitFor('its removal', removed, slow);
  });

  it('that no node can take is no bot, and nothing is left of it', async () => {
    await using runner = create('large', {
      limits: { memoryMb: 256, cpus: 512, tmpMb: 32 },
      requests: { memoryMb: 64, cpus: 512 },
      scheduleSeconds: 2,
    });
    const spec = specOf('good');
    await expect(runner.start(spec)).rejects.toThrow(NoCapacityError);
    expect(await podsOf('large')).toEqual([]);
    await waitFor('its Secret to go', async () => !(await secretNames()).includes(podName(spec)), slow);
  });

  it('is lent folders of a claim, as the strictest namespace allows', async () => {
    const claim = 'vexa-bots';
    const volume = { accessModes: ['ReadWriteMany'], storageClassName: '' };
    const capacity = { storage: '1Gi' };
    const claimRef = { namespace, name: claim };
    await api.createPersistentVolume({
      body: { metadata: { name: claim }, spec: { ...volume, capacity, claimRef, hostPath: { path: dir } } },
    });
    const spec = { ...volume, volumeName: claim, resources: { requests: capacity } };
    await api.createNamespacedPersistentVolumeClaim({ namespace, body: { metadata: { name: claim }, spec } });
    const folders = { profile: `${claim}/profile`, diagnosis: `${claim}/diagnosis` };
    await using runner = create('lent', { folders, scheduleSeconds: 30 });
    const bot = await runner.start(specOf('good'));
    const isRunning = async () => (await podsOf('lent'))[0]?.status?.phase === 'Running';
    await waitFor('the claim to be bound, and the bot to run', isRunning, slow);
    const [pod] = await podsOf('lent');
    expect(pod!.spec!.securityContext).toMatchObject({ fsGroup: 1000, fsGroupChangePolicy: 'OnRootMismatch' });
    expect(pod!.spec!.containers[0]!.volumeMounts).toEqual([
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'lent-0', mountPath: '/var/lib/vexa/profile', subPath: 'profile' },
      { name: 'lent-0', mountPath: '/var/lib/vexa/diagnosis', subPath: 'diagnosis' },
    ]);
    await runner.stop(bot.id, { graceMs: 0 });
  });

  it('whose volume is not there is no want of room, and says so', async () => {
    await using runner = create('unlent', { folders: { diagnosis: 'nobody-made-it' }, scheduleSeconds: 3 });
    const failure = await runner.start(specOf('good')).catch((error: Error) => error);
    expect(failure).toMatchObject({ name: 'Error', message: expect.stringContaining('"nobody-made-it" not found') });
    expect(await podsOf('unlent')).toEqual([]);
  });

  it('waits for a node as long as the operator says, and then tells why it never ran', async () => {
    await using runner = create('patient', {
      requests: { memoryMb: 64, cpus: 512 },
      limits: { memoryMb: 256, cpus: 512, tmpMb: 32 },
      scheduleSeconds: 12,
    });
    const heard: BotExit[] = [];
    using _ = runner.onExit((exit) => heard.push(exit));
    const bot = await runner.start(specOf('good'));
    expect(await runner.list()).toEqual([bot]);
    await waitFor('its end', async () => (await runner.list()).length === 0, slow);
    expect(heard).toEqual([{ name: bot.name, exitCode: null, neverRan: 'The cluster has no room for the bot.' }]);
  });

  it('whose image cannot be had tells so', async () => {
    await using runner = create('no-image', { image: 'vexa-bot:never-built' });
    const heard: BotExit[] = [];
    using _ = runner.onExit((exit) => heard.push(exit));
    const bot = await runner.start(specOf('good'));
    await waitFor('its end', async () => (await runner.list()).length === 0 && heard.length > 0, slow);
    const neverRan = 'The image of the bot cannot be had (ErrImageNeverPull).';
    expect(heard).toEqual([{ name: bot.name, exitCode: null, neverRan }]);
    expect(await podsOf('no-image')).toEqual([]);
  });

  it('whose starter died before it was told anything is taken away, for another to be sent', async () => {
    await using runner = create('halfway');
    const heard: BotExit[] = [];
    using _ = runner.onExit((exit) => heard.push(exit));
    const spec = specOf('good');
    await api.createNamespacedPod({ namespace, body: podSpec(spec, optionsFor('halfway')) });
    const gone = async () => {
      await runner.list();
      return heard.length > 0;
    };
    await waitFor('its end', gone, slow);
    expect(heard).toEqual([{ name: spec.name, exitCode: null }]);
    expect(await podsOf('halfway')).toEqual([]);
  });
});

describe('a full namespace', { timeout: 120_000 }, () => {
  it('has no capacity, and nothing is left of the bot', async () => {
    const full = 'full';
    const file = await createNamespace(full, dir);
    await api.createNamespacedResourceQuota({
      namespace: full,
      body: { metadata: { name: 'one-bot' }, spec: { hard: { pods: '1' } } },
    });
    const counted = async () =>
      (await api.readNamespacedResourceQuota({ namespace: full, name: 'one-bot' })).status?.hard?.pods === '1';
    await waitFor('the quota', counted, slow);
    await using runner = create('quota', { namespace: full, kubeconfig: file });
    const first = await runner.start(specOf('good'));
    const spec = specOf('good');
    await expect(runner.start(spec)).rejects.toThrow(NoCapacityError);
    expect(await podsOf('quota', full)).toHaveLength(1);
    expect(await secretNames(full)).not.toContain(podName(spec));
    await runner.stop(first.id, { graceMs: 0 });
  });
});

describe('the service account', () => {
  it('may do nothing but what the runner needs', async () => {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const own = config.makeApiClient(CoreV1Api);
    for (const refused of [
      () => own.listNamespacedSecret({ namespace }),
      () => own.readNamespacedSecret({ namespace, name: 'any' }),
      () => own.deleteNamespacedSecret({ namespace, name: 'any' }),
      () => own.listNamespacedConfigMap({ namespace }),
      () => own.listNamespacedPod({ namespace: 'default' }),
      () => own.listNode(),
      () => own.patchNamespacedPod({ namespace, name: 'any', body: {} }),
    ]) {
      await expect(refused()).rejects.toMatchObject({ code: 403 });
    }
  });
});

describeManager(pods);

describeManagers(pods, ['SIGKILL', 'SIGSTOP']);
