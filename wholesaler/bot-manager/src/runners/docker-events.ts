import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type Docker from 'dockerode';
import { z } from 'zod';
import type { BotExit } from './runner.ts';

const longestWaitMs = 30_000;
const firstWaitMs = 500;
// A shell's way to say that a signal ended it: 128 and its number.
const signalled = 128;

const DieEvent = z.object({
  Actor: z.object({ Attributes: z.object({ name: z.string(), exitCode: z.coerce.number() }) }),
});

/** What a daemon's `die` event says; undefined for anything else. */
export function exitOf(line: string): BotExit | undefined {
  const event = DieEvent.safeParse(JSON.parse(line));
  if (!event.success) return undefined;
  const { name, exitCode } = event.data.Actor.Attributes;
  return { name, exitCode: exitCode > signalled ? null : exitCode };
}

interface EventsOptions {
  docker: Docker;
  /** Of the containers to hear of: `name=value`. */
  label: string;
  logger: Logger;
  onExit: (exit: BotExit) => void;
}

/**
 * Hears of every end of a container with the label. A lost connection is taken up again, after 0.5 s to 30 s; what
 * happened in between is for the reconciler, which sees that the container is gone.
 */
export function followExits({ docker, label, logger, onExit }: EventsOptions): AsyncDisposable {
  const stopping = new AbortController();
  const { signal } = stopping;
  const filters = { type: ['container' as const], event: ['die'], label: [label] };

  const hear = async (): Promise<void> => {
    const stream = await docker.getEvents({ filters, abortSignal: signal });
    for await (const line of createInterface({ input: stream })) {
      const exit = line === '' ? undefined : exitOf(line);
      if (exit) onExit(exit);
    }
  };
  const follow = async (): Promise<void> => {
    let waitMs = firstWaitMs;
    while (!signal.aborted) {
      const since = performance.now();
      await hear().catch((error: unknown) => {
        if (!signal.aborted) logger.warn(errorFields(error), 'the container runtime tells nothing; asking again');
      });
      waitMs = performance.now() - since > longestWaitMs ? firstWaitMs : Math.min(waitMs * 2, longestWaitMs);
      await delay(waitMs, undefined, { signal }).catch(() => undefined); // told to stop while waiting
    }
  };
  const done = follow();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await done;
    },
  };
}
