import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { holdLock, LockedError, staleMs } from '@vexa/shared/files/hold-lock';

/**
 * Keeps a browser profile for one bot: two browsers would write over each other's account. Waits for one that was killed
 * to be taken for dead; rejects when another bot has the profile all that time.
 */
export async function lockProfile(profileDir: string, { waitMs = staleMs + 5_000 } = {}): Promise<AsyncDisposable> {
  await mkdir(profileDir, { recursive: true, mode: 0o700 });
  try {
    return await holdLock(join(profileDir, 'vexa-bot.lock'), { waitMs });
  } catch (error) {
    if (error instanceof LockedError) throw new Error('The browser profile is in use by another bot.');
    throw error;
  }
}
