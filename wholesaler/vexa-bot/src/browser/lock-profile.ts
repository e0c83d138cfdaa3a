import { mkdir, readlink, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '@vexa/shared/files/error-code';
import { holdLock, LockedError, staleMs } from '@vexa/shared/files/hold-lock';

/**
 * Keeps a browser profile for one bot: two browsers would write over each other's account. Waits for one that was killed
 * to be taken for dead; rejects when another bot has the profile all that time.
 */
export async function lockProfile(profileDir: string, { waitMs = staleMs + 5_000 } = {}): Promise<AsyncDisposable> {
  await mkdir(profileDir, { recursive: true, mode: 0o700 });
  try {
    await using stack = new AsyncDisposableStack();
    stack.use(await holdLock(join(profileDir, 'vexa-bot.lock'), { waitMs }));
    await removeLeftLock(profileDir);
    return stack.move();
  } catch (error) {
    if (error instanceof LockedError) throw new Error('The browser profile is in use by another bot.');
    throw error;
  }
}

/**
 * Chromium's own lock names a host and a process. One of another host is of a container or pod that was killed, since this
 * bot has the profile now, and no browser would ever start with it again; one of this host Chromium judges itself.
 */
async function removeLeftLock(profileDir: string): Promise<void> {
  const holder = await readlink(join(profileDir, 'SingletonLock')).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (holder === undefined || holder.startsWith(`${hostname()}-`)) return;
  for (const name of ['SingletonLock', 'SingletonSocket', 'SingletonCookie'])
    await rm(join(profileDir, name), { force: true });
}
