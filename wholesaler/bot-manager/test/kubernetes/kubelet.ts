import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import {
  CoreV1Api,
  type KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ContainerState,
  type V1Node,
  type V1Pod,
} from '@kubernetes/client-node';

interface KubeletOptions {
  config: KubeConfig;
  /** Has server.crt and server.key. */
  certs: string;
  /** What a node with the image has: the command it runs, by the image's name. */
  images: Record<string, string[]>;
  cpus: number;
}

/** Stands where a node does: what it runs are processes of this machine. */
export interface Kubelet extends AsyncDisposable {
  /** Names of the pods that run. */
  running(): string[];
  kill(pod: string): void;
}

interface Running {
  child: ChildProcess;
  log: string;
  over: boolean;
}

const nodeName = 'test-node';
const resyncMs = 1_000;

/**
 * Registers a node and runs the pods that the scheduler gives it, as the kubelet does: environment from Secrets, status,
 * grace on deletion, logs. Nothing is isolated and no limit is kept.
 */
export async function startKubelet({ config, certs, images, cpus }: KubeletOptions): Promise<Kubelet> {
  const api = config.makeApiClient(CoreV1Api);
  const pods = new Map<string, Running>();
  const key = ({ metadata }: V1Pod) => `${metadata!.namespace}/${metadata!.name}`;

  const server = createServer(
    { cert: readFileSync(join(certs, 'server.crt')), key: readFileSync(join(certs, 'server.key')) },
    (request, response) => {
      const url = new URL(request.url ?? '', 'https://kubelet');
      const [, what, namespace, pod] = url.pathname.split('/');
      const found = what === 'containerLogs' ? pods.get(`${namespace}/${pod}`) : undefined;
      const lines = found?.log.trimEnd().split('\n') ?? [];
      const last = Number(url.searchParams.get('tailLines') ?? lines.length);
      response.writeHead(found ? 200 : 404).end(
        lines
          .slice(-last)
          .map((line) => `${line}\n`)
          .join(''),
      );
    },
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');

  const setStatus = async (pod: V1Pod, phase: string, state: V1ContainerState): Promise<void> => {
    const { name = '', namespace = '' } = pod.metadata ?? {};
    const container = { name: 'bot', image: '', imageID: '', ready: phase === 'Running', restartCount: 0, state };
    const conditions = [{ type: 'PodScheduled', status: 'True' }];
    const body = { status: { phase, conditions, containerStatuses: [container] } };
    await api
      .patchNamespacedPodStatus({ name, namespace, body }, setHeaderOptions('Content-Type', PatchStrategy.MergePatch))
      .catch(ignore(404));
  };

  const environment = async (pod: V1Pod): Promise<Record<string, string> | undefined> => {
    const { env = [], envFrom = [] } = pod.spec!.containers[0]!;
    const made: Record<string, string> = { PATH: process.env.PATH ?? '' };
    for (const { secretRef } of envFrom) {
      const where = { name: secretRef?.name ?? '', namespace: pod.metadata!.namespace! };
      const secret = await api.readNamespacedSecret(where).catch(ignore(404));
      if (!secret) return undefined;
      for (const [name, value] of Object.entries(secret.data ?? {}))
        made[name] = Buffer.from(value, 'base64').toString();
    }
    for (const { name, value } of env) made[name] = value ?? '';
    return made;
  };

  const run = async (pod: V1Pod): Promise<void> => {
    const { image = '', imagePullPolicy } = pod.spec!.containers[0]!;
    const command = images[image];
    if (!command) {
      const reason = imagePullPolicy === 'Never' ? 'ErrImageNeverPull' : 'ErrImagePull';
      return setStatus(pod, 'Pending', { waiting: { reason, message: `no image ${image}` } });
    }
    const env = await environment(pod);
    if (!env) return setStatus(pod, 'Pending', { waiting: { reason: 'CreateContainerConfigError' } });
    if (pods.has(key(pod))) return;
    const child = spawn(command[0]!, command.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const running: Running = { child, log: '', over: false };
    pods.set(key(pod), running);
    for (const stream of [child.stdout, child.stderr]) {
      stream!.on('data', (data) => {
        running.log += data;
      });
    }
    child.once('close', (code, signal) => {
      running.over = true;
      const exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0);
      void setStatus(pod, exitCode === 0 ? 'Succeeded' : 'Failed', { terminated: { exitCode } }).then(() => end(pod));
    });
    await setStatus(pod, 'Running', { running: {} });
  };

  const ending = new Set<string>();
  /** Takes the pod away once it is over, if somebody has asked for its deletion. */
  const end = async (pod: V1Pod): Promise<void> => {
    const { name = '', namespace = '' } = pod.metadata ?? {};
    const now = await api.readNamespacedPod({ name, namespace }).catch(ignore(404));
    if (now?.metadata?.deletionTimestamp) {
      await api.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 }).catch(ignore(404));
    }
  };
  const look = async (pod: V1Pod): Promise<void> => {
    const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata!;
    const known = pods.get(key(pod));
    if (deletionTimestamp) {
      if (!known || known.over) return end(pod);
      if (ending.has(key(pod))) return;
      ending.add(key(pod));
      known.child.kill('SIGTERM');
      setTimeout(() => known.child.kill('SIGKILL'), deletionGracePeriodSeconds * 1_000).unref();
    } else if (!known && pod.status?.phase === 'Pending') await run(pod);
  };

  await api.createNode({ body: nodeOf((server.address() as AddressInfo).port, cpus) });
  const informer = makeInformer<V1Pod>(config, '/api/v1/pods', () => api.listPodForAllNamespaces());
  const mine = (pod: V1Pod) => pod.spec?.nodeName === nodeName;
  const trouble = (error: unknown) => console.error('kubelet:', error);
  informer.on('add', (pod) => void (mine(pod) && look(pod).catch(trouble)));
  informer.on('update', (pod) => void (mine(pod) && look(pod).catch(trouble)));
  informer.on('delete', (pod) => {
    pods.get(key(pod))?.child.kill('SIGKILL');
    pods.delete(key(pod));
    ending.delete(key(pod));
  });
  await informer.start();
  // As a kubelet does: what could not be started is tried again.
  const resync = setInterval(() => {
    for (const pod of informer.list()) if (mine(pod) && !pods.has(key(pod))) void look(pod).catch(trouble);
  }, resyncMs);

  return {
    running: () => [...pods].filter(([, { over }]) => !over).map(([name]) => name.split('/')[1]!),
    kill(pod) {
      for (const [name, { child }] of pods) if (name.endsWith(`/${pod}`)) child.kill('SIGKILL');
    },
    async [Symbol.asyncDispose]() {
      clearInterval(resync);
      await informer.stop();
      for (const { child } of pods.values()) child.kill('SIGKILL');
      await api.deleteNode({ name: nodeName });
      server.close();
      server.closeAllConnections();
    },
  };
}

const nodeOf = (port: number, cpus: number): V1Node => ({
  metadata: { name: nodeName },
  status: {
    capacity: { cpu: String(cpus), memory: '64Gi', pods: '100' },
    allocatable: { cpu: String(cpus), memory: '64Gi', pods: '100' },
    conditions: [{ type: 'Ready', status: 'True' }],
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  },
});

/** What an answer with this status means: there is nothing. */
const ignore =
  (status: number) =>
  (error: unknown): undefined => {
    if (error instanceof Error && 'code' in error && error.code === status) return undefined;
    throw error;
  };
