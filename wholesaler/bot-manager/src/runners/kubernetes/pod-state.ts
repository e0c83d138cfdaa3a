import type { V1ContainerState, V1Pod } from '@kubernetes/client-node';
import type { BotExit } from '../runner.ts';
import { nameLabel } from './pod-spec.ts';

// A container runtime's way to say that a signal ended it: 128 and its number.
const signalled = 128;
const hopelessImage = new Set(['InvalidImageName', 'ErrImageNeverPull']);
const imageTrouble = new Set([
  ...hopelessImage,
  'ErrImagePull',
  'ImagePullBackOff',
  'ImageInspectError',
  'RegistryUnavailable',
]);
const imageMs = 30_000;
const secretMs = 15_000;

/** Whether the bot is over; a pod that is only being deleted still runs. */
export const hasEnded = ({ status }: V1Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

export const isPlaced = (pod: V1Pod): boolean => condition(pod)?.status === 'True' || hasEnded(pod);

export const botNameOf = ({ metadata }: V1Pod): string => metadata?.labels?.[nameLabel] ?? '';

/** The end of a bot whose pod is over or was deleted, as the last that was seen of the pod tells it. */
export function exitOf(pod: V1Pod): BotExit {
  const code = stateOf(pod)?.terminated?.exitCode;
  const exitCode = code === undefined || code > signalled ? null : code;
  const neverRan = troubleOf(pod)?.neverRan;
  return { name: botNameOf(pod), exitCode, ...(neverRan ? { neverRan } : {}) };
}

/** Why the cluster ended a bot, if it says so: `Evicted`, `DeadlineExceeded`, … */
export const endedBecause = ({ status }: V1Pod): string | undefined =>
  status?.reason && `${status.reason}: ${status.message ?? ''}`;

interface Trouble {
  /** How long it may last until the pod is given up. */
  keepMs: number;
  neverRan?: string;
  /** The cluster's own words, for the log. */
  detail: string;
  /** It waits for a node with room; others are waited for in vain. */
  noRoom?: boolean;
}

/** What keeps a bot from being started; undefined when nothing is known to. */
export function troubleOf(pod: V1Pod, scheduleMs = 0): Trouble | undefined {
  if (pod.status?.phase !== 'Pending') return undefined;
  const placement = condition(pod);
  if (placement?.reason === 'Unschedulable') {
    const detail = placement.message ?? '';
    const noRoom = !/persistentvolumeclaim/i.test(detail);
    const neverRan = noRoom ? 'The cluster has no room for the bot.' : 'The volume that is lent to bots cannot be had.';
    return { keepMs: scheduleMs, neverRan, detail, noRoom };
  }
  const { reason = '', message = '' } = stateOf(pod)?.waiting ?? {};
  const detail = `${reason}: ${message}`;
  if (imageTrouble.has(reason)) {
    const neverRan = `The image of the bot cannot be had (${reason}).`;
    return { keepMs: hopelessImage.has(reason) ? 0 : imageMs, neverRan, detail };
  }
  // Its starter died before the Secret was made: another bot may be sent.
  return reason === 'CreateContainerConfigError' ? { keepMs: secretMs, detail } : undefined;
}

const condition = ({ status }: V1Pod) => status?.conditions?.find(({ type }) => type === 'PodScheduled');

const stateOf = ({ status }: V1Pod): V1ContainerState | undefined => status?.containerStatuses?.[0]?.state;
