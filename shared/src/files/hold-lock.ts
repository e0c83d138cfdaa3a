import { mkdir, open, rm, stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from './error-code.ts';

const heartbeatMs = 3_000;
/** The lock of a process that said nothing for so long is free. */
export const staleMs = 15_000;
const pollMs = 250;

export class LockedError extends Error {
  override name = 'LockedError';
}

export interface HoldLockOptions {
  onWait?: () => void;
  /** Rejects with `LockedError` when somebody else holds the lock all that time. */
  waitMs?: number;
}

/**
 * Lets one process at a time work on files. The holder touches the lock, a file, while it lives, so that the lock of a
 * killed process is taken over after 15 s, also between containers that share the folder.
 */
export async function holdLock(
  path: string,
  { onWait, waitMs = Number.POSITIVE_INFINITY }: HoldLockOptions = {},
): Promise<AsyncDisposable> {
  await mkdir(dirname(path), { recursive: true });
  const deadline = performance.now() + waitMs;
  while (!(await tryCreate(path))) {
    onWait?.();
    const age = await ageOf(path);
    if (age !== undefined && age > staleMs) await rm(path, { force: true });
    else if (performance.now() > deadline) throw new LockedError(`${path} is held by somebody else`);
    else await delay(pollMs);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    // Somebody who took the lock over has removed the file; then there is nothing to keep alive.
    utimes(path, now, now).catch(() => clearInterval(heartbeat));
  }, heartbeatMs);
  heartbeat.unref();
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(heartbeat);
      await rm(path, { force: true });
    },
  };
}

async function tryCreate(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function ageOf(path: string): Promise<number | undefined> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
