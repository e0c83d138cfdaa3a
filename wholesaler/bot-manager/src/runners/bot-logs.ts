import { type FileHandle, mkdir, open, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@vexa/shared/files/error-code';

const keptFiles = 100;
const maxFileBytes = 20 * 1024 * 1024;
const checkMs = 60_000;

export interface BotLogs extends Disposable {
  open(name: string): Promise<FileHandle>;
  tail(name: string, lines: number): Promise<string[]>;
}

/**
 * One file a bot under `dir`, written by the bot itself so that it outlives us. The newest 100 files stay; one that
 * grows over 20 MB starts again from empty.
 */
export function keepBotLogs(dir: string): BotLogs {
  const file = (name: string) => join(dir, `${name}.log`);
  const timer = setInterval(() => void bound(dir).catch(() => undefined), checkMs); // the next check tries again
  timer.unref();
  return {
    async open(name) {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await bound(dir);
      return open(file(name), 'a', 0o600);
    },
    async tail(name, lines) {
      try {
        return (await readFile(file(name), 'utf8')).trimEnd().split('\n').slice(-lines);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return [];
        throw error;
      }
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

async function bound(dir: string): Promise<void> {
  const names = (await readdir(dir)).filter((name) => /^vexa-bot-\d+-[0-9a-f]{8}\.log$/.test(name));
  const files = await Promise.all(
    names.map(async (name) => ({ path: join(dir, name), ...(await sizeAndAge(dir, name)) })),
  );
  files.sort((a, b) => b.changedAt - a.changedAt);
  for (const [index, { path, bytes }] of files.entries()) {
    if (index >= keptFiles) await rm(path, { force: true });
    else if (bytes > maxFileBytes) await truncate(path); // the bot appends, so it goes on at the new end
  }
}

async function sizeAndAge(dir: string, name: string): Promise<{ bytes: number; changedAt: number }> {
  const found = await stat(join(dir, name)).catch(() => undefined); // another bot-manager may have removed it
  return { bytes: found?.size ?? 0, changedAt: found?.mtimeMs ?? 0 };
}
