import { jsonOf } from '@vexa/shared/config';
import { z } from 'zod';
import type { BotFolders } from '../bot-folders.ts';
import type { PullPolicy } from '../image-source.ts';

const names = z
  .string()
  .default('')
  .transform((text) => text.split(',').filter((name) => name !== ''));

const Toleration = z.strictObject({
  key: z.string().exactOptional(),
  operator: z.enum(['Exists', 'Equal']).exactOptional(),
  value: z.string().exactOptional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).exactOptional(),
  tolerationSeconds: z.int().exactOptional(),
});
export type Toleration = z.infer<typeof Toleration>;

const seconds = (fallback: number) => z.coerce.number().int().min(1).max(3_600).default(fallback);

/** What the Kubernetes runner reads from the environment, beside what it shares with the Docker runner. */
export const kubernetesEnv = {
  KUBECONFIG: z.string().optional(),
  KUBERNETES_NAMESPACE: z.string().optional(),
  BOT_REQUEST_MEMORY_MB: z.coerce.number().int().min(16).optional(),
  BOT_REQUEST_CPUS: z.coerce.number().min(0.01).optional(),
  BOT_IMAGE_PULL_SECRETS: names,
  BOT_NODE_SELECTOR: jsonOf(z.string().default('{}'), z.record(z.string(), z.string())),
  BOT_TOLERATIONS: jsonOf(z.string().default('[]'), z.array(Toleration)),
  BOT_GRACE_SECONDS: seconds(30),
  BOT_SCHEDULE_SECONDS: seconds(10),
};

const KubernetesEnv = z.object(kubernetesEnv);

export interface PodResources {
  memoryMb: number;
  cpus: number;
}

export interface KubernetesSettings {
  /** Undefined: the service account of the pod this runs in, or the user's own file. */
  kubeconfig: string | undefined;
  /** Undefined: the namespace of the service account, or of the file's context. */
  namespace: string | undefined;
  image: string;
  pull: PullPolicy;
  pullSecrets: string[];
  limits: PodResources & { tmpMb: number };
  requests: PodResources;
  nodeSelector: Record<string, string>;
  tolerations: Toleration[];
  folders: BotFolders;
  /** For leaving a meeting, when the cluster ends a bot. */
  graceSeconds: number;
  /** How long a bot may wait for a node with room. */
  scheduleSeconds: number;
  keepEndedMs: number;
}

interface SharedEnv {
  BOT_IMAGE: string;
  BOT_IMAGE_PULL: PullPolicy;
  BOT_MEMORY_MB: number;
  BOT_CPUS: number;
  BOT_TMP_MB: number;
  BOT_PROFILE_DIR?: string | undefined;
  BOT_DIAGNOSIS_DIR?: string | undefined;
  BOT_KEEP_ENDED_MS: number;
}

export const kubernetesSettings = (env: z.output<typeof KubernetesEnv> & SharedEnv): KubernetesSettings => ({
  kubeconfig: env.KUBECONFIG,
  namespace: env.KUBERNETES_NAMESPACE,
  image: env.BOT_IMAGE,
  pull: env.BOT_IMAGE_PULL,
  pullSecrets: env.BOT_IMAGE_PULL_SECRETS,
  limits: { memoryMb: env.BOT_MEMORY_MB, cpus: env.BOT_CPUS, tmpMb: env.BOT_TMP_MB },
  requests: {
    memoryMb: env.BOT_REQUEST_MEMORY_MB ?? env.BOT_MEMORY_MB,
    cpus: env.BOT_REQUEST_CPUS ?? env.BOT_CPUS,
  },
  nodeSelector: env.BOT_NODE_SELECTOR,
  tolerations: env.BOT_TOLERATIONS,
  folders: { profile: env.BOT_PROFILE_DIR, diagnosis: env.BOT_DIAGNOSIS_DIR },
  graceSeconds: env.BOT_GRACE_SECONDS,
  scheduleSeconds: env.BOT_SCHEDULE_SECONDS,
  keepEndedMs: env.BOT_KEEP_ENDED_MS,
});
