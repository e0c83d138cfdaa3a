import { errorFields, type Logger } from '@vexa/shared/logging';
import Docker from 'dockerode';
import { unless } from './api-errors.ts';
import { linesOf } from './container-logs.ts';
import { type ContainerOptions, containerSpec, ownerLabel } from './container-spec.ts';
import type { DaemonAddress } from './daemon-address.ts';
import { followExits } from './docker-events.ts';
import { createImageSource, type PullPolicy } from './image-source.ts';
import type { BotExit, Runner, RunningBot } from './runner.ts';
import { createSweep } from './sweep.ts';

export interface DockerRunnerOptions extends ContainerOptions {
  daemon: DaemonAddress;
  pull: PullPolicy;
  /** How long a container that ended is kept, for its log. */
  keepEndedMs: number;
  logger: Logger;
}

const callTimeoutMs = 30_000;
const killWaitMs = 10_000;
const notFound = 404;
/** It does not run, exists already, or is being removed. */
const conflict = 409;

/**
 * Bots as containers of a Docker daemon. They outlive the bot-manager, and are found again by their label. The daemon
 * tells of every end, also of bots that another process started. Ended containers go after a while, at a `list`;
 * those it stopped itself at its disposal at the latest.
 */
export function createDockerRunner(options: DockerRunnerOptions): Runner {
  const { daemon, owner, logger } = options;
  const docker = new Docker({ ...daemon, timeout: callTimeoutMs });
  // Without a time-out: nothing may happen for hours.
  const patient = new Docker({ ...daemon, timeout: 0 });
  const requireImage = createImageSource(patient, options.image, options.pull);
  const label = `${ownerLabel}=${owner}`;
  const listeners = new Set<(exit: BotExit) => void>();
  const exits = followExits({
    docker: patient,
    label,
    logger,
    onExit: (exit) => {
      for (const listener of listeners) listener(exit);
    },
  });
  const remove = (id: string) => unless([notFound, conflict], docker.getContainer(id).remove());
  const sweep = createSweep(remove, logger);
  // Told to end by us: after a shutdown nobody would want their logs, or take them away.
  const stopped = new Set<string>();
  // A pull takes longer than a bot may take to start; the first bot waits for what is left of it.
  requireImage().catch((error: unknown) => logger.error(errorFields(error), 'bots cannot be started'));

  return {
    async start(bot) {
      await requireImage();
      const container = await docker.createContainer(containerSpec(bot, options));
      try {
        await container.start();
      } catch (error) {
        await unless([notFound], container.remove({ force: true }));
        throw error;
      }
      return { id: container.id, name: bot.name };
    },
    async stop(id, { graceMs }) {
      stopped.add(id);
      const container = patient.getContainer(id);
      if (graceMs > 0) {
        await signal(docker, id, 'SIGTERM');
        if (await endsWithin(container, graceMs)) return;
      }
      await signal(docker, id, 'SIGKILL');
      if (!(await endsWithin(container, killWaitMs))) throw new Error(`the bot ${id} does not end`);
    },
    async find(name) {
      const found = await unless([notFound], docker.getContainer(name).inspect());
      return found?.State.Running ? { id: found.Id, name } : undefined;
    },
    async list() {
      const containers = await docker.listContainers({ all: true, filters: { label: [label] } });
      const running = containers.filter(({ State }) => !hasEnded(State));
      const ended = containers.filter(({ State }) => hasEnded(State));
      for (const id of stopped) if (!containers.some(({ Id }) => Id === id)) stopped.delete(id);
      await sweep(ended.map(({ Id }) => ({ id: Id, keepMs: options.keepEndedMs })));
      return running.flatMap(({ Id, Names }): RunningBot[] => {
        const name = Names[0]?.slice(1); // Docker's own names begin with a slash
        return name ? [{ id: Id, name }] : [];
      });
    },
    onExit(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async logs(name, { lines }) {
      const log = await unless(
        [notFound, conflict],
        docker.getContainer(name).logs({ stdout: true, stderr: true, tail: lines, follow: false }),
      );
      return log ? linesOf(log) : [];
    },
    async [Symbol.asyncDispose]() {
      listeners.clear();
      await exits[Symbol.asyncDispose]();
      const removed = await Promise.allSettled([...stopped].map(remove));
      for (const { reason } of removed.filter((one) => one.status === 'rejected'))
        logger.warn(errorFields(reason), 'an ended bot could not be removed; the next bot-manager will');
    },
  };
}

/** `created` is one whose starter died before it started it. */
const hasEnded = (state: string): boolean => ['created', 'exited', 'dead', 'removing'].includes(state);

async function signal(docker: Docker, id: string, name: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  await unless([notFound, conflict], docker.getContainer(id).kill({ signal: name }));
}

async function endsWithin(container: Docker.Container, ms: number): Promise<boolean> {
  const abortSignal = AbortSignal.timeout(ms);
  try {
    await unless([notFound], container.wait({ condition: 'not-running', abortSignal }));
    return true;
  } catch (error) {
    if (abortSignal.aborted) return false;
    throw error;
  }
}
