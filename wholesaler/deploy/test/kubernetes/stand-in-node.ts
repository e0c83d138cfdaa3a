import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stopProcess } from '@vexa/shared/local/server-process';
import type { KubeObject } from '../render.ts';
import { kubectl } from './cluster.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const nodeName = 'stand-in';
/** `{release}-{component}.{namespace}`, as the service before a pod is called; of bots nothing is asked by a name. */
const hostOf = ({ metadata }: KubeObject) =>
  `${metadata.labels?.['app.kubernetes.io/instance']}-${metadata.labels?.['app.kubernetes.io/component']}.${metadata.namespace}`;

/** Where the sources of an image are, unless they are in a folder of the wholesaler's with its name. */
const folders: Record<string, string> = { bot: 'wholesaler/vexa-bot', retailer: 'retailer' };

interface Variable {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef: { name: string; key: string } };
}

interface Running {
  child: ChildProcess;
  log: string;
}

export interface StandInNode extends AsyncDisposable {
  /** Where a service is, by `{release}-{component}.{namespace}`. */
  addressOf(host: string): string;
}

/**
 * Stands where a node and the network of a cluster do, for releases of both charts and for bots: runs the pods that the
 * scheduler gives it, of the namespaces whose names begin so, as processes of this machine, with their environment, each service
 * at an address of its own (127.1.0.x) to which its name leads, and tells the API server whether readiness probes are answered.
 * Nothing is isolated.
 */
export async function startNode(namespaces: string): Promise<StandInNode> {
  const processes = new Map<string, Running>();
  const addresses = new Map<string, string>();
  const addressOf = (host: string) => {
    const known = addresses.get(host) ?? `127.1.0.${addresses.size + 1}`;
    addresses.set(host, known);
    return known;
  };
  const serviceName = new RegExp(`([a-z-]+\\.${namespaces}[a-z-]*)\\.svc`, 'g');
  const resolved = (value: string) => value.replaceAll(serviceName, (_, host) => addressOf(host));

  /** Undefined: a Secret that it needs is not there yet. */
  async function environmentOf(pod: KubeObject): Promise<Record<string, string> | undefined> {
    const made: Record<string, string> = {
      PATH: process.env.PATH ?? '',
      HOST: addressOf(hostOf(pod)),
      // What is mounted in a pod.
      VEXA_MODELS_DIR: join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vexa/models'),
    };
    const { env, envFrom = [] } = pod.spec.containers[0];
    for (const { secretRef } of envFrom) {
      const secret = await secretOf(pod, secretRef.name);
      if (!secret) return undefined;
      Object.assign(made, secret);
    }
    for (const { name, value = '', valueFrom } of env as Variable[]) {
      if (valueFrom) {
        const known = (await secretOf(pod, valueFrom.secretKeyRef.name))?.[valueFrom.secretKeyRef.key];
        if (known) made[name] = known;
      } else made[name] = resolved(value.replaceAll(/\$\((\w+)\)/g, (_, other) => made[other] ?? ''));
    }
    if (pod.spec.automountServiceAccountToken) made.KUBECONFIG = await kubeconfigOf(pod);
    return made;
  }

  async function secretOf({ metadata }: KubeObject, name: string): Promise<Record<string, string> | undefined> {
    const all = await kubectl(['get', 'secrets', '-n', metadata.namespace ?? '', '-o', 'json']);
    const found = JSON.parse(all).items.find((secret: KubeObject) => secret.metadata.name === name);
    const decode = ([key, value]: [string, unknown]) => [key, Buffer.from(String(value), 'base64').toString()];
    return found && Object.fromEntries(Object.entries(found.data).map(decode));
  }

  /** In a pod the token is mounted; here it is in a file like the administrator's. */
  async function kubeconfigOf({ metadata, spec }: KubeObject): Promise<string> {
    const account = spec.serviceAccountName;
    const file = `${process.env.KUBECONFIG}.${account}`;
    const token = (await kubectl(['create', 'token', account, '-n', metadata.namespace ?? ''])).trim();
    const config = JSON.parse(await kubectl(['config', 'view', '--raw', '--minify', '-o', 'json']));
    config.users[0].user = { token };
    await writeFile(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  }

  async function start(pod: KubeObject): Promise<void> {
    const env = await environmentOf(pod);
    if (!env) return;
    const [container] = pod.spec.containers;
    const image = container.image.replace(/^vexa-|:.*$/g, '');
    const folder = folders[image] ?? `wholesaler/${image}`;
    const [program = '', ...args] = container.command ?? ['node', `${folder}/src/main.ts`];
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const running = { child, log: '' };
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        running.log = `${running.log}${data}`.slice(-20_000);
      });
    }
    processes.set(pod.metadata.name, running);
    if (!container.readinessProbe) await setStatus(pod, 'Running', { running: {} });
    child.once('exit', (code) => {
      const state = { terminated: { exitCode: code ?? 137 } };
      void setStatus(pod, code === 0 ? 'Succeeded' : 'Failed', state);
    });
  }

  const setStatus = async (pod: KubeObject, phase: string, state: object): Promise<void> => {
    const ready = phase === 'Running';
    const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status: ready ? 'True' : 'False' }));
    const [{ name, image }] = pod.spec.containers;
    const containerStatuses = [{ name, image, imageID: image, ready, restartCount: 0, state }];
    const status = JSON.stringify({ status: { phase, conditions, containerStatuses } });
    const { name: podName, namespace: where = '' } = pod.metadata;
    // The pod may have gone meanwhile.
    await kubectl(['patch', 'pod', podName, '-n', where, '--subresource=status', '-p', status]).catch(() => {});
  };

  async function isReady(pod: KubeObject): Promise<boolean> {
    const { readinessProbe, ports } = pod.spec.containers[0];
    const { path, port: name } = readinessProbe.httpGet;
    const port = ports.find((each: { name: string }) => each.name === name).containerPort;
    const url = `http://${addressOf(hostOf(pod))}:${port}${path}`;
    return fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  async function look(pod: KubeObject): Promise<void> {
    const {
      name,
      namespace: where = '',
      deletionTimestamp,
    } = pod.metadata as KubeObject['metadata'] & {
      deletionTimestamp?: string;
    };
    const known = processes.get(name)?.child;
    if (deletionTimestamp) {
      const over = known === undefined || known.exitCode !== null || known.signalCode !== null;
      if (over)
        await kubectl(['delete', 'pod', name, '-n', where, '--force', '--grace-period=0', '--ignore-not-found']);
      else known.kill('SIGTERM');
    } else if (!known) await start(pod);
    else if (pod.status.phase === 'Pending' && (await isReady(pod))) await setStatus(pod, 'Running', { running: {} });
  }

  const room = { cpu: '16', memory: '64Gi', pods: '100' };
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName } };
  await kubectl(['create', '-f', '-'], JSON.stringify(node));
  const there = { capacity: room, allocatable: room, conditions: [{ type: 'Ready', status: 'True' }] };
  await kubectl(['patch', 'node', nodeName, '--subresource=status', '-p', JSON.stringify({ status: there })]);

  const stopping = new AbortController();
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      const mine = ['get', 'pods', '-A', '--field-selector', `spec.nodeName=${nodeName}`, '-o', 'json'];
      const pods: KubeObject[] = JSON.parse(await kubectl(mine)).items;
      const ours = pods.filter(({ metadata }) => metadata.namespace?.startsWith(namespaces));
      for (const pod of ours) await look(pod);
      await sleep(250);
    }
  })();
  return {
    addressOf,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await looking;
      await Promise.all([...processes.values()].map(({ child }) => stopProcess(child, 'SIGTERM')));
      await kubectl(['delete', 'node', nodeName]);
      if (process.env.NODE_LOGS) for (const [name, { log }] of processes) console.error(`${name}:\n${log}`);
    },
  };
}
