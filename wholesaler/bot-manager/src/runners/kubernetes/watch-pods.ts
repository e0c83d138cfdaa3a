import { setTimeout as delay } from 'node:timers/promises';
import { makeInformer, type V1Pod } from '@kubernetes/client-node';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type { Cluster } from './cluster.ts';

const longestWaitMs = 30_000;
const firstWaitMs = 500;
const firstListMs = 15_000;

interface WatchOptions {
  cluster: Cluster;
  /** Of the pods to hear of: `name=value`. */
  label: string;
  logger: Logger;
  /** Each version of each pod that is seen; `gone` with the last one of a pod that was deleted. */
  onPod: (pod: V1Pod, gone: boolean) => void;
}

export interface PodWatch extends AsyncDisposable {
  /** The pods as they were last heard of. Rejects when the API server has not told yet. */
  pods(): Promise<V1Pod[]>;
}

/**
 * Keeps a copy of the pods with the label: a list, then the changes since. A lost connection is taken up where it
 * ended, after 0.5 s to 30 s; when the server has forgotten that place (410), the list is asked for again and the pods
 * that are missing in it are told as gone.
 */
export function watchPods({ cluster, label, logger, onPod }: WatchOptions): PodWatch {
  const { api, config, namespace } = cluster;
  const stopping = new AbortController();
  const { signal } = stopping;
  const listed = Promise.withResolvers<void>();
  let known = false;
  let waitMs = firstWaitMs;
  let retrying: Promise<void> | undefined;

  const informer = makeInformer<V1Pod>(
    config,
    `/api/v1/namespaces/${namespace}/pods`,
    async () => {
      const list = await api.listNamespacedPod({ namespace, labelSelector: label });
      known = true;
      return list;
    },
    label,
  );
  const tell = (gone: boolean) => (pod: V1Pod) => {
    waitMs = firstWaitMs;
    onPod(pod, gone);
  };
  informer.on('add', tell(false));
  informer.on('update', tell(false));
  informer.on('delete', tell(true));
  const begin = (): Promise<void> =>
    informer.start().then(() => {
      if (known) listed.resolve();
    }, failed);
  const retry = async (): Promise<void> => {
    const ms = waitMs;
    waitMs = Math.min(waitMs * 2, longestWaitMs);
    await delay(ms, undefined, { signal }).catch(() => undefined); // told to stop while waiting
    retrying = undefined;
    if (!signal.aborted) await begin();
  };
  function failed(error: unknown): void {
    if (signal.aborted) return;
    logger.warn({ ...errorFields(error), wait_ms: waitMs }, 'the cluster tells nothing of its pods; asking again');
    retrying ??= retry();
  }
  informer.on('error', failed);
  void begin();

  return {
    async pods() {
      if (!known) await Promise.race([listed.promise, delay(firstListMs, undefined, { ref: false })]);
      if (!known) throw new Error('the cluster has not told of its pods yet');
      return [...informer.list(namespace)];
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await informer.stop();
      await retrying;
    },
  };
}
