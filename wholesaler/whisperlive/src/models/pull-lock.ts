import { mkdir, open, rm, stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const heartbeatMs = 3_000;
const staleMs = 15_000;
const pollMs = 250;

/**
 * Lets one process at a time write a model. The holder touches the file while it lives, so that the lock of a killed
 * process is taken over after 15 s, also between containers that share the folder.
 */
export async function holdLock(path: string, onWait: () => void = () => undefined): Promise<AsyncDisposable> {
  await mkdir(dirname(path), { recursive: true });
  while (!(await tryCreate(path))) {
    onWait();
    const age = await ageOf(path);
    if (age !== undefined && age > staleMs) await rm(path, { force: true });
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
    await (await open(path, 'wx')).close();
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

export const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
