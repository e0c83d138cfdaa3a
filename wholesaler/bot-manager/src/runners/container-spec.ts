import type { ContainerCreateOptions } from 'dockerode';
import { type BotFolders, type LentFolder, lentFolders } from './bot-folders.ts';
import type { BotSpec } from './runner.ts';

export interface ContainerLimits {
  memoryMb: number;
  cpus: number;
  /** Processes and threads. */
  pids: number;
  /** Of `/tmp`, the one place a bot can write to; part of its memory. */
  tmpMb: number;
}

export interface ContainerOptions {
  image: string;
  network: string;
  /** Tells the bots of this deployment from those of others at the same daemon. */
  owner: string;
  env: Record<string, string>;
  /** `host:address`, as Docker's --add-host takes them. */
  extraHosts: readonly string[];
  limits: ContainerLimits;
  folders: BotFolders;
}

export const ownerLabel = 'vexa.owner';

const logFileSize = '10m';
const logFiles = '2';

/** A bot's container: it can use what it needs, write nowhere but to `/tmp` and what it is lent, and gain no rights. */
export function containerSpec(bot: BotSpec, options: ContainerOptions): ContainerCreateOptions {
  const { memoryMb, cpus, pids, tmpMb } = options.limits;
  const lent = lentFolders(options.folders);
  const told = Object.fromEntries(lent.map(({ variable, path }) => [variable, path]));
  // Chromium keeps its files below HOME.
  const env = { HOME: '/tmp', ...options.env, ...told, BOT_CONFIG: JSON.stringify(bot.config) };
  return {
    name: bot.name,
    Image: options.image,
    Labels: { ...bot.labels, [ownerLabel]: options.owner },
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    // A bot tells how it is by callbacks; the health check of the image is for services.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      Memory: memoryMb * 2 ** 20,
      MemorySwap: memoryMb * 2 ** 20,
      NanoCpus: Math.round(cpus * 1e9),
      PidsLimit: pids,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': `rw,nosuid,nodev,mode=1777,size=${tmpMb}m` },
      Mounts: lent.map(mountOf),
      NetworkMode: options.network,
      ExtraHosts: [...options.extraHosts],
      // Passes signals on, and takes away what the browser leaves behind.
      Init: true,
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': logFileSize, 'max-file': logFiles } },
    },
  };
}

/** A path has to be there already: Docker would make it for root, and no bot could write to it. */
const mountOf = ({ source, path }: LentFolder) => ({
  Type: source.startsWith('/') ? ('bind' as const) : ('volume' as const),
  Source: source,
  Target: path,
});
