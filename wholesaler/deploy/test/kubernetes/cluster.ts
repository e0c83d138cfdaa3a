import { spawn } from 'node:child_process';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { kubeTools } from '../kube-tools.ts';
import type { KubeObject } from '../render.ts';

const { kubectl: binary } = await kubeTools();
const slow = { deadlineMs: 120_000 };

/** Rejects with what kubectl says. */
export function kubectl(args: string[], input = ''): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '';
  let trouble = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    trouble += data;
  });
  child.once('error', reject);
  child.once('close', (code) =>
    code === 0 ? resolve(out) : reject(new Error(`kubectl ${args.join(' ')}: ${trouble}`)),
  );
  child.stdin.end(input);
  return promise;
}

export async function get(kinds: string, namespace: string, selector = ''): Promise<KubeObject[]> {
  const { items } = JSON.parse(await kubectl(['get', kinds, '-n', namespace, '-l', selector, '-o', 'json']));
  return items;
}

/**
 * Stands where a node does, for the job of the migrations alone: waits for its pod, looks (`meanwhile`) at what else there
 * is at that moment, and ends it well.
 */
export async function endMigrations(namespace: string, meanwhile: () => Promise<void>): Promise<void> {
  let pod: KubeObject | undefined;
  const selector = 'app.kubernetes.io/component=migrations';
  const next = async () => {
    pod = (await get('pods', namespace, selector)).find(({ status }) => status.phase === 'Pending');
    return pod !== undefined;
  };
  await waitFor('the pod of the migrations', next, slow);
  await meanwhile();
  const ended = JSON.stringify({ status: { phase: 'Succeeded' } });
  await kubectl(['patch', 'pod', pod?.metadata.name ?? '', '-n', namespace, '--subresource=status', '-p', ended]);
}

/** Until each Deployment and StatefulSet has made its pods, which admission may refuse. */
export async function untilPodsAreMade(namespace: string): Promise<void> {
  const made = async () =>
    (await get('deployments,statefulsets', namespace)).every(
      ({ spec, status }) => status.observedGeneration !== undefined && (status.replicas ?? 0) >= spec.replicas,
    );
  try {
    await waitFor('pods of every workload', made, slow);
  } catch (error) {
    throw new Error(await kubectl(['get', 'events', '-n', namespace]), { cause: error });
  }
}
