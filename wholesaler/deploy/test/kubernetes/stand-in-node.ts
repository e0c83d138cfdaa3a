import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stopProcess } from '@vexa/shared/local/server-process';
import type { KubeObject } from '../render.ts';
import { get, kubectl } from './cluster.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const componentOf = (pod: KubeObject) => pod.metadata.labels?.['app.kubernetes.io/component'] ?? '';

interface Variable {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef: { name: string; key: string; optional?: boolean } };
}

/**
 * Stands where nodes and the network of a cluster do, for the services of the chart `vexa`: runs each pod of a namespace as a
 * process of this machine, with the pod's environment, at an address of its own (127.1.0.x) to which the names of the
 * services lead, and tells the API server whether its readiness probe is answered. Nothing is isolated.
 */
export function startNode(
  namespace: string,
  release = 'vexa',
): AsyncDisposable & { addressOf(component: string): string } {
  const stopping = new AbortController();
  const processes = new Map<string, { child: ChildProcess; log: string }>();
  const addresses = new Map<string, string>();
  const addressOf = (component: string) => {
    const known = addresses.get(component) ?? `127.1.0.${addresses.size + 1}`;
    addresses.set(component, known);
    return known;
  };
  const resolve = (value: string) =>
    value.replaceAll(new RegExp(`${release}-([a-z-]+)\\.${namespace}\\.svc`, 'g'), (_, component) =>
      addressOf(component),
    );

  async function environmentOf(pod: KubeObject): Promise<Record<string, string>> {
    const made: Record<string, string> = {
      PATH: process.env.PATH ?? '',
      HOST: addressOf(componentOf(pod)),
      // What is mounted in a pod.
      VEXA_MODELS_DIR: join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vexa/models'),
    };
    const { env, securityContext } = pod.spec.containers[0];
    if (!securityContext.readOnlyRootFilesystem) throw new Error('a pod may write');
    for (const { name, value = '', valueFrom } of env as Variable[]) {
      if (valueFrom) {
        const { name: secret, key } = valueFrom.secretKeyRef;
        const { data } = JSON.parse(await kubectl(['get', 'secret', secret, '-n', namespace, '-o', 'json']));
        if (data[key]) made[name] = Buffer.from(data[key], 'base64').toString();
      } else made[name] = resolve(value.replaceAll(/\$\((\w+)\)/g, (_, other) => made[other] ?? ''));
    }
    if (pod.spec.automountServiceAccountToken) made.KUBECONFIG = await kubeconfigOf(pod.spec.serviceAccountName);
    return made;
  }

  /** In a pod the token is mounted; here it is in a file like the administrator's. */
  async function kubeconfigOf(account: string): Promise<string> {
    const file = `${process.env.KUBECONFIG}.${account}`;
    const token = (await kubectl(['create', 'token', account, '-n', namespace])).trim();
    const config = JSON.parse(await kubectl(['config', 'view', '--raw', '--minify', '-o', 'json']));
    config.users[0].user = { token };
    await writeFile(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  }

  async function start(pod: KubeObject): Promise<void> {
    const [container] = pod.spec.containers;
    const service = container.image.replace(/^vexa-|:.*$/g, '');
    const [program = '', ...args] = container.command ?? ['node', `wholesaler/${service}/src/main.ts`];
    const child = spawn(program, args, { cwd: root, env: await environmentOf(pod), stdio: ['ignore', 'pipe', 'pipe'] });
    const running = { child, log: '' };
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        running.log = `${running.log}${data}`.slice(-20_000);
      });
    }
    processes.set(pod.metadata.name, running);
    child.once('exit', (code) => void setStatus(pod, code === 0 ? 'Succeeded' : 'Failed', false));
  }

  const setStatus = async ({ metadata }: KubeObject, phase: string, ready: boolean): Promise<void> => {
    const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status: ready ? 'True' : 'False' }));
    const status = JSON.stringify({ status: { phase, conditions } });
    // A pod may have gone meanwhile.
    await kubectl(['patch', 'pod', metadata.name, '-n', namespace, '--subresource=status', '-p', status]).catch(
      () => {},
    );
  };

  async function isReady(pod: KubeObject): Promise<boolean> {
    const { readinessProbe, ports } = pod.spec.containers[0];
    const { path, port: name } = readinessProbe.httpGet;
    const port = ports.find((each: { name: string }) => each.name === name).containerPort;
    const url = `http://${addressOf(componentOf(pod))}:${port}${path}`;
    return fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  async function look(): Promise<void> {
    const pods = await get('pods', namespace);
    for (const [name, { child }] of processes) {
      if (!pods.some(({ metadata }) => metadata.name === name)) child.kill('SIGTERM');
    }
    for (const pod of pods) {
      if (!processes.has(pod.metadata.name)) await start(pod);
      else if (pod.status.phase === 'Pending' && pod.spec.containers[0].readinessProbe && (await isReady(pod))) {
        await setStatus(pod, 'Running', true);
      }
    }
  }

  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await look();
      await sleep(250);
    }
  })();
  return {
    addressOf,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await looking.catch((error: unknown) => console.error('stand-in node:', error));
      await Promise.all([...processes.values()].map(({ child }) => stopProcess(child, 'SIGTERM')));
      for (const [name, { log }] of processes) if (process.env.NODE_LOGS) console.error(`${name}:\n${log}`);
    },
  };
}
