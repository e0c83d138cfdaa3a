import { mkdir, open, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const refreshMs = 5_000;
const heldMs = 30_000;
const pollMs = 500;

/**
 * Keeps a browser profile for one bot: two browsers would write over each other's account. Waits for one that was killed to be
 * taken for dead; rejects when another bot has the profile all that time. The lock is a file in it, so that it holds between
 * containers too: its holder touches it every 5 s, and one not touched for 30 s belongs to nobody.
 */
export async function lockProfile(profileDir: string, { waitMs = heldMs + refreshMs } = {}): Promise<AsyncDisposable> {
  await mkdir(profileDir, { recursive: true, mode: 0o700 });
  const path = join(profileDir, 'vexa-bot.lock');
  const deadline = performance.now() + waitMs;
  while (!(await make(path))) {
    if (!(await isHeld(path))) await rm(path, { force: true });
    else if (performance.now() > deadline) throw new Error('The browser profile is in use by another bot.');
    else await sleep(pollMs);
  }
  const timer = setInterval(() => void touch(path), refreshMs);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await rm(path, { force: true });
    },
  };
}

/** False when it is there already. */
async function make(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function isHeld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined); // let go of just now
  return found !== undefined && Date.now() - found.mtimeMs < heldMs;
}

const touch = (path: string): Promise<void> => utimes(path, new Date(), new Date()).catch(() => undefined); // let go of just now
