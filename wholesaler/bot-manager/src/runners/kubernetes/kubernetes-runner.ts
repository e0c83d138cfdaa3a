import type { V1Pod } from '@kubernetes/client-node';
import { errorFields, type Logger } from '@vexa/shared/logging';
import { statusOf, unless } from '../api-errors.ts';
import { ownerLabel } from '../container-spec.ts';
import { type BotExit, type BotSpec, NoCapacityError, type Runner, type RunningBot } from '../runner.ts';
import { createSweep } from '../sweep.ts';
import { connectCluster } from './cluster.ts';
import type { KubernetesSettings } from './kubernetes-env.ts';
import { configSecret, containerName, nameLabel, type PodOptions, podName, podSpec } from './pod-spec.ts';
import { botNameOf, endedBecause, exitOf, hasEnded, isPlaced, troubleOf } from './pod-state.ts';
import { watchPods } from './watch-pods.ts';

export interface KubernetesRunnerOptions extends KubernetesSettings, PodOptions {
  logger: Logger;
}

const longestStartMs = 10_000;
const killWaitMs = 10_000;
const forbidden = 403;
const notFound = 404;

/**
 * Bots as pods of one namespace. They outlive the bot-manager, and are found again by their labels. A watch tells of
 * every end, also of bots that another process started. Ended pods go after a while, at a `list`, and so do those that
 * cannot be started.
 */
export function createKubernetesRunner(options: KubernetesRunnerOptions): Runner {
  const { owner, logger } = options;
  const cluster = connectCluster(options);
  const { api, namespace } = cluster;
  const label = `${ownerLabel}=${owner}`;
  const scheduleMs = options.scheduleSeconds * 1_000;
  const listeners = new Set<(exit: BotExit) => void>();
  const waiting = new Set<(pod: V1Pod, gone: boolean) => void>();
  const told = new Set<string>();

  const tellEnd = (pod: V1Pod, gone: boolean): void => {
    const id = uidOf(pod);
    if (!told.has(id) && (gone || hasEnded(pod))) {
      const because = endedBecause(pod) ?? troubleOf(pod)?.detail;
      if (because) logger.warn({ bot: botNameOf(pod), because }, 'the cluster ended a bot');
      for (const listener of listeners) listener(exitOf(pod));
      told.add(id);
    }
    if (gone) told.delete(id);
  };
  const watch = watchPods({
    cluster,
    label,
    logger,
    onPod(pod, gone) {
      tellEnd(pod, gone);
      for (const look of waiting) look(pod, gone);
    },
  });

  /** What is heard of a pod from now on, until `enough`; false when that is not within `ms`. */
  const hear = (name: string, ms: number, enough: (pod: V1Pod, gone: boolean) => boolean): Promise<boolean> => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = (pod: V1Pod, gone: boolean) => {
      if (pod.metadata?.name === name && enough(pod, gone)) resolve(true);
    };
    waiting.add(look);
    const timer = setTimeout(() => resolve(false), ms);
    return promise.finally(() => {
      clearTimeout(timer);
      waiting.delete(look);
    });
  };
  const remove = (name: string, gracePeriodSeconds: number) =>
    unless([notFound], api.deleteNamespacedPod({ name, namespace, gracePeriodSeconds }));
  const sweep = createSweep((name) => remove(name, 0), logger);

  const create = async (bot: BotSpec): Promise<void> => {
    const body = podSpec(bot, options);
    const pod = await api.createNamespacedPod({ namespace, body });
    const owned = { name: podName(bot), uid: uidOf(pod) };
    await api.createNamespacedSecret({ namespace, body: configSecret(bot, owned, options.env) });
  };

  return {
    async start(bot) {
      const id = podName(bot);
      const placed = hear(id, Math.min(scheduleMs, longestStartMs), isPlaced);
      try {
        await create(bot);
        const waited = !(await placed) && scheduleMs <= longestStartMs;
        if (waited) requirePlaced(await api.readNamespacedPod({ name: id, namespace }), options.scheduleSeconds);
      } catch (error) {
        await remove(id, 0);
        throw exceedsQuota(error)
          ? new NoCapacityError('the quota of the namespace is used up', { cause: error })
          : error;
      }
      return { id, name: bot.name };
    },
    async stop(id, { graceMs }) {
      // Never 0: the cluster would forget the pod while it still runs.
      const seconds = Math.max(1, Math.ceil(graceMs / 1_000));
      const ended = hear(id, seconds * 1_000 + killWaitMs, (pod, gone) => gone || hasEnded(pod));
      if (!(await remove(id, seconds)) || (await ended)) return;
      // Its node does not answer: the cluster forgets the pod, and the kubelet ends it when it is back.
      if (await remove(id, 0)) logger.warn({ pod: id }, 'the node of a bot does not answer');
    },
    async list() {
      const pods = await watch.pods();
      await sweep(
        pods.flatMap((pod) => {
          const keepMs = hasEnded(pod) ? options.keepEndedMs : troubleOf(pod, scheduleMs)?.keepMs;
          return keepMs === undefined ? [] : [{ id: pod.metadata?.name ?? '', keepMs }];
        }),
      );
      return pods.filter((pod) => !hasEnded(pod)).map(runningBot);
    },
    async find(name) {
      const { items } = await api.listNamespacedPod({ namespace, labelSelector: `${label},${nameLabel}=${name}` });
      const pod = items.find((item) => !hasEnded(item));
      return pod && runningBot(pod);
    },
    onExit(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async logs(name, { lines }) {
      const pod = (await watch.pods()).find((item) => botNameOf(item) === name);
      if (!pod) return [];
      try {
        const of = { name: pod.metadata?.name ?? '', namespace, container: containerName, tailLines: lines };
        const text = await api.readNamespacedPodLog(of);
        return text ? text.trimEnd().split('\n') : [];
      } catch (error) {
        // The pod is gone, or never ran, or its node is: what else is known of the bot must still be told.
        logger.warn({ ...errorFields(error), bot: name }, 'the log of a bot cannot be read');
        return [];
      }
    },
    async [Symbol.asyncDispose]() {
      listeners.clear();
      await watch[Symbol.asyncDispose]();
    },
  };
}

const uidOf = ({ metadata }: V1Pod): string => metadata?.uid ?? '';

const runningBot = (pod: V1Pod): RunningBot => ({ id: pod.metadata?.name ?? '', name: botNameOf(pod) });

function requirePlaced(pod: V1Pod, seconds: number): void {
  if (isPlaced(pod)) return;
  const { detail = 'the scheduler does not say why', noRoom = true } = troubleOf(pod) ?? {};
  const message = `no node took the bot within ${seconds} s: ${detail}`;
  throw noRoom ? new NoCapacityError(message) : new Error(message);
}

const exceedsQuota = (error: unknown): boolean =>
  statusOf(error) === forbidden && error instanceof Error && error.message.includes('exceeded quota');
