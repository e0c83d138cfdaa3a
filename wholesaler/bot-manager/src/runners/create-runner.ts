import { createHash } from 'node:crypto';
import type { Logger } from '@vexa/shared/logging';
import type { BotManagerConfig } from '../config.ts';
import { createProcessRunner } from './process-runner.ts';
import type { Runner } from './runner.ts';

/** The runner that the configuration names. The clients of the others, which are large, are not loaded. */
export async function createRunner({ bots, databaseUrl }: BotManagerConfig, logger: Logger): Promise<Runner> {
  // Whoever shares the database shares the bots; other stacks on the machine keep theirs.
  const owner = createHash('sha256').update(databaseUrl).digest('hex').slice(0, 16);
  if (bots.docker) {
    const { createDockerRunner } = await import('./docker-runner.ts');
    return createDockerRunner({ ...bots.docker, env: bots.env, owner, logger });
  }
  if (bots.kubernetes) {
    const { createKubernetesRunner } = await import('./kubernetes/kubernetes-runner.ts');
    return createKubernetesRunner({ ...bots.kubernetes, env: bots.env, owner, logger });
  }
  return createProcessRunner({ entry: bots.entry, env: bots.env, logDir: bots.logDir, owner });
}
