import { mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder younger than this may be of a bot that is just being started. */
const youngMs = 60_000;

export interface BotScratch extends AsyncDisposable {
  /** Makes the folder of a bot, for its eyes alone. */
  make(name: string): Promise<string>;
  remove(name: string): Promise<void>;
  /** Removes what bots left that do not run, whoever started them. */
  sweep(running: ReadonlySet<string>): Promise<void>;
}

/** A folder under `root` for each bot's temporary files: one that is killed cannot take them away itself. */
export function keepBotScratch(root: string): BotScratch {
  const remove = (name: string): Promise<void> =>
    // What is left of its browser may write a moment longer; the next sweep takes what that was.
    rm(join(root, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  return {
    async make(name) {
      await mkdir(join(root, name), { recursive: true, mode: 0o700 });
      return join(root, name);
    },
    remove,
    async sweep(running) {
      const names = await readdir(root).catch(() => []); // no bot was started yet
      for (const name of names) if (!running.has(name) && (await ageMs(join(root, name))) > youngMs) await remove(name);
    },
    async [Symbol.asyncDispose]() {
      await rmdir(root).catch(() => undefined); // bots that live on have theirs in it
    },
  };
}

async function ageMs(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined); // another bot-manager was quicker
  return found ? Date.now() - found.mtimeMs : 0;
}
