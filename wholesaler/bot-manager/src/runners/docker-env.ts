import { z } from 'zod';
import type { BotFolders } from './bot-folders.ts';
import type { ContainerLimits } from './container-spec.ts';
import { type DaemonAddress, parseDaemonAddress } from './daemon-address.ts';
import { type PullPolicy, pullPolicies } from './image-source.ts';

const amount = (fallback: number) => z.coerce.number().int().min(16).max(1_000_000).default(fallback);

/** What the Docker runner reads from the environment. */
export const dockerEnv = {
  DOCKER_HOST: z
    .string()
    .default('unix:///var/run/docker.sock')
    .transform((text, ctx) => {
      const address = parseDaemonAddress(text);
      if (address) return address;
      ctx.addIssue({ code: 'custom', message: 'must be such as unix:///var/run/docker.sock or tcp://host:2375' });
      return z.NEVER;
    }),
  BOT_IMAGE: z.string().default('vexa-bot:latest'),
  BOT_IMAGE_PULL: z.enum(pullPolicies, { error: `must be ${pullPolicies.join(', ')}` }).default('missing'),
  DOCKER_NETWORK: z.string().default('bridge'),
  BOT_EXTRA_HOSTS: z.string().default(''),
  BOT_MEMORY_MB: amount(1_024),
  BOT_CPUS: z.coerce.number().min(0.05).max(256).default(1),
  BOT_PIDS: amount(512),
  BOT_TMP_MB: amount(256),
  BOT_PROFILE_DIR: z.string().min(1).optional(),
  BOT_DIAGNOSIS_DIR: z.string().min(1).optional(),
  BOT_KEEP_ENDED_MS: z.coerce.number().int().min(0).max(86_400_000).default(60_000),
};

export interface DockerSettings {
  daemon: DaemonAddress;
  image: string;
  pull: PullPolicy;
  network: string;
  extraHosts: string[];
  limits: ContainerLimits;
  folders: BotFolders;
  keepEndedMs: number;
}

const DockerEnv = z.object(dockerEnv);

export const dockerSettings = (env: z.output<typeof DockerEnv>): DockerSettings => ({
  daemon: env.DOCKER_HOST,
  image: env.BOT_IMAGE,
  pull: env.BOT_IMAGE_PULL,
  network: env.DOCKER_NETWORK,
  extraHosts: env.BOT_EXTRA_HOSTS.split(',').filter((host) => host !== ''),
  limits: { memoryMb: env.BOT_MEMORY_MB, cpus: env.BOT_CPUS, pids: env.BOT_PIDS, tmpMb: env.BOT_TMP_MB },
  folders: { profile: env.BOT_PROFILE_DIR, diagnosis: env.BOT_DIAGNOSIS_DIR },
  keepEndedMs: env.BOT_KEEP_ENDED_MS,
});
