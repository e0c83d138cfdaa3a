import type { V1Pod, V1Secret } from '@kubernetes/client-node';
import { ownerLabel } from '../container-spec.ts';
import type { PullPolicy } from '../image-source.ts';
import type { BotSpec } from '../runner.ts';
import type { KubernetesSettings } from './kubernetes-env.ts';
import { lentClaims } from './lent-claims.ts';

export interface PodOptions
  extends Pick<
    KubernetesSettings,
    | 'image'
    | 'pull'
    | 'pullSecrets'
    | 'limits'
    | 'requests'
    | 'nodeSelector'
    | 'tolerations'
    | 'graceSeconds'
    | 'folders'
  > {
  /** Tells the bots of this deployment from those of others in the namespace. */
  owner: string;
  env: Record<string, string>;
}

/** Holds the bot's name, by which its run knows it. */
export const nameLabel = 'vexa.bot';
export const containerName = 'bot';

const pullPolicyOf = { always: 'Always', missing: 'IfNotPresent', never: 'Never' } as const satisfies Record<
  PullPolicy,
  string
>;
/** As the image of the bot has it. */
const user = 1_000;
const longestName = 63;
// For joining, for help with it and for leaving, beside what the bot may stay.
const deadlineMarginMs = 30 * 60_000;

/** `bot-{user}-{meeting}-{8 hex}`: a DNS label (RFC 1123), as unique as the bot's own name. */
export function podName({ name, labels }: Pick<BotSpec, 'name' | 'labels'>): string {
  const unique = name.slice(name.lastIndexOf('-') + 1);
  const readable = ['bot', labels['vexa.user_id'], labels['vexa.meeting_id']].filter((part) => part !== undefined);
  const safe = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const start = safe(readable.join('-')).slice(0, longestName - unique.length - 1);
  return `${start.replace(/-+$/, '')}-${safe(unique)}`;
}

/** A bot's pod: it can use what it needs, write nowhere but to `/tmp` and what it is lent, and gain no rights. Its Secret tells it the rest. */
export function podSpec(bot: BotSpec, options: PodOptions): V1Pod {
  const { limits, requests } = options;
  const name = podName(bot);
  const lent = lentClaims(options.folders);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: { app: 'bot', ...bot.labels, [nameLabel]: bot.name, [ownerLabel]: options.owner },
      // A meeting cannot move to another node.
      annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' },
    },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: deadlineSeconds(bot),
      terminationGracePeriodSeconds: options.graceSeconds,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      // The cluster's own first process takes away what the browser leaves behind.
      shareProcessNamespace: true,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        // May write to what it is lent. A volume that is so already is not gone through file by file.
        fsGroup: user,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      imagePullSecrets: options.pullSecrets.map((secret) => ({ name: secret })),
      nodeSelector: options.nodeSelector,
      tolerations: options.tolerations,
      containers: [
        {
          name: containerName,
          image: options.image,
          imagePullPolicy: pullPolicyOf[options.pull],
          // Chromium keeps its files below HOME.
          env: [{ name: 'HOME', value: '/tmp' }, ...lent.env],
          envFrom: [{ secretRef: { name } }],
          resources: {
            requests: { cpu: cpuOf(requests.cpus), memory: `${requests.memoryMb}Mi` },
            limits: { cpu: cpuOf(limits.cpus), memory: `${limits.memoryMb}Mi` },
          },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }, ...lent.mounts],
        },
      ],
      volumes: [{ name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: `${limits.tmpMb}Mi` } }, ...lent.volumes],
    },
  };
}

/**
 * What the bot is told, token included. It belongs to the pod, so the cluster removes it with the pod, also when that
 * has gone before this was made.
 */
export function configSecret(bot: BotSpec, pod: { name: string; uid: string }, env: Record<string, string>): V1Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: pod.name,
      labels: { app: 'bot' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid }],
    },
    type: 'Opaque',
    immutable: true,
    stringData: { ...env, BOT_CONFIG: JSON.stringify(bot.config) },
  };
}

const cpuOf = (cpus: number): string => `${Math.round(cpus * 1_000)}m`;

function deadlineSeconds({ config }: BotSpec): number {
  const { waitingRoomTimeout, maxBotTime } = config.automaticLeave;
  return Math.ceil((waitingRoomTimeout + maxBotTime + deadlineMarginMs) / 1_000);
}
